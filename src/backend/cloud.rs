//! What is known about a provider of models in the internet: it runs on no host of the platform, is reached over TLS, and asks for a key.

/// A provider of models in the internet.
#[derive(Debug)]
pub struct Cloud {
    /// Where its API is, without a path; nothing where only the owner can say.
    pub origin: Option<&'static str>,
    /// What stands between its base path, which LiteLLM is given, and the endpoints that speak OpenAI's API.
    pub openai_path: &'static str,
}
