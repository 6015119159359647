//! Search tools as LiteLLM is told of them.

use serde::{Serialize, Serializer};

use super::router::Variable;
use crate::platform::{Platform, SearchTool};

/// An entry of `search_tools`.
#[derive(Serialize)]
pub(super) struct SearchEntry<'a> {
    search_tool_name: &'a str,
    litellm_params: SearchParams<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_tool_info: Option<SearchDescription<'a>>,
}

#[derive(Serialize)]
struct SearchParams<'a> {
    /// A kind that searches is named as LiteLLM names it.
    search_provider: &'static str,
    api_base: Reference<'a>,
}

#[derive(Serialize)]
struct SearchDescription<'a> {
    description: &'a str,
}

impl<'a> SearchEntry<'a> {
    pub(super) fn of(platform: &'a Platform, tool: &'a SearchTool) -> Self {
        Self {
            search_tool_name: &tool.name,
            litellm_params: SearchParams {
                search_provider: platform[tool.service].kind.name,
                api_base: match &tool.variable {
                    Some(name) => Reference::Variable(name),
                    None => Reference::Text(tool.url.clone()),
                },
            },
            search_tool_info: tool
                .title
                .as_deref()
                .map(|description| SearchDescription { description }),
        }
    }
}

/// A text, or a variable of the gateway's environment.
enum Reference<'a> {
    Text(String),
    Variable(&'a str),
}

impl Serialize for Reference<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Variable(name) => Variable(name).serialize(serializer),
        }
    }
}
