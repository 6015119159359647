//! The env file of a service, as the owner finds it before the first start.

use crate::emit::escape::{Unwritable, comment_line, env_file_value};
use crate::emit::process;
use crate::emit::{Artifact, EmitError, Install};
use crate::platform::{Origin, Platform, Service, Value, Variable};

/// The env file of a service, to be installed at `path` where none is.
pub(super) fn env_file(
    platform: &Platform,
    service: &Service,
    path: &str,
) -> Result<Artifact, EmitError> {
    let host = &platform[service.host];
    let artifact = ["env/", &host.name, "/", &service.name, ".env"].concat();
    let text = text(platform, service, path)
        .map_err(|source| EmitError::Unwritable(artifact.clone(), source))?;
    let user = &service.run.user;
    Ok(Artifact::new(artifact, text).install(Install {
        host: host.name.clone(),
        path: path.to_owned(),
        owner: user.clone(),
        group: process::user_group(host, user).to_owned(),
        mode: 0o600,
        restart: process::restarts(platform, service),
        seed: true,
    }))
}

/// The text of an env file. It is no template: there are as many as services, and each has a few lines for each of many variables.
fn text(platform: &Platform, service: &Service, path: &str) -> Result<String, Unwritable> {
    let mut text = String::with_capacity(4096);
    let heading = process::heading(platform, service);
    text.extend(["# ", &comment_line(&heading), "\n"]);
    text.push_str("#\n# A template made from platform.toml. It is installed as ");
    text.extend([&comment_line(path), "\n", HOW_TO_FILL_IN]);
    let mut comments = Comments {
        text: &mut text,
        line: String::new(),
    };
    for variable in &service.env {
        comments.text.push('\n');
        comments.add_source(platform, variable);
        comments.add_reason(service, variable);
        let decided = process::decided(platform, variable);
        if decided.is_none() {
            comments.add(&[if variable.required {
                "Required: the service does not start without it."
            } else {
                "Not required."
            }]);
        }
        let name = env_file_value(&variable.name)?;
        if matches!(variable.value, Value::Variable(_)) {
            // A copy of another, which the start script makes: an assignment here could only be wrong.
            comments.text.extend(["# ", &name, "=\n"]);
        } else {
            let value = env_file_value(decided.unwrap_or_default())?;
            comments.text.extend([&name, "=", &*value, "\n"]);
        }
    }
    Ok(text)
}

const HOW_TO_FILL_IN: &str = "\
# only where no such file is: what you fill in stays yours, and nobody else may read it.
# Lines are NAME=value. No `export`, no variables, nothing is executed; a value with blanks
# or signs stands in single quotes.
";

/// What there is to say about variables, in the text that it is said in.
struct Comments<'t> {
    text: &'t mut String,
    /// Where the words of a line are put together.
    line: String,
}

impl Comments<'_> {
    /// Adds a line of these words.
    fn add(&mut self, words: &[&str]) {
        self.line.clear();
        self.line.extend(words.iter().copied());
        self.text.extend(["# ", &comment_line(&self.line), "\n"]);
    }

    /// Where the value of a variable comes from.
    fn add_source(&mut self, platform: &Platform, variable: &Variable) {
        let kept = "platform.toml decides it, whatever is written here.";
        match &variable.value {
            Value::Text(_) => self.add(&["A plain value; ", kept]),
            Value::Url(id, _) => self.add(&["The URL of `", &platform[*id].name, "`; ", kept]),
            Value::Handle(id) => self.add(&["The handle `", &platform[*id].name, "`; ", kept]),
            Value::Variable(name) => {
                self.add(&["The value of ", name, "; the start script copies it."]);
            }
            Value::FillIn(words) => self.add(&["To fill in: ", words]),
            Value::Secret(id) => {
                let secret = &platform[*id];
                self.add(&["The secret `", &secret.name, "`: ", &secret.title, "."]);
                if let Some(command) = &secret.command {
                    self.add(&["Make one, once for the whole platform: ", command]);
                }
                if let Some(place) = &secret.obtain {
                    self.add(&["Obtain it: ", place]);
                }
            }
        }
    }

    /// Who wants a variable, when it is not the owner.
    fn add_reason(&mut self, service: &Service, variable: &Variable) {
        match &variable.origin {
            Origin::Owner => {}
            Origin::Kind(why) => {
                self.add(&["Always set for ", service.kind.title, ": ", why, "."]);
            }
            Origin::Route(deployment) => self.add(&["Read by the route `", deployment, "`."]),
        }
    }
}
