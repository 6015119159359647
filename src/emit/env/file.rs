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
    let mut text = String::with_capacity(2048);
    let mut write = |parts: &[&str]| parts.iter().for_each(|part| text.push_str(part));
    let heading = process::heading(platform, service);
    write(&["# ", &comment_line(&heading), "\n"]);
    write(&[
        "#\n# A template made from platform.toml. It is installed as ",
        &comment_line(path),
        "\n",
    ]);
    write(&[HOW_TO_FILL_IN]);
    for variable in &service.env {
        write(&["\n"]);
        for comment in comments(platform, service, variable) {
            write(&["# ", &comment_line(&comment), "\n"]);
        }
        let name = env_file_value(&variable.name)?;
        if matches!(variable.value, Value::Variable(_)) {
            // A copy of another, which the start script makes: an assignment here could only be wrong.
            write(&["# ", &name, "=\n"]);
        } else {
            let decided = process::decided(platform, variable).unwrap_or_default();
            write(&[&name, "=", &env_file_value(decided)?, "\n"]);
        }
    }
    Ok(text)
}

const HOW_TO_FILL_IN: &str = "\
# only where no such file is: what you fill in stays yours, and nobody else may read it.
# Lines are NAME=value. No `export`, no variables, nothing is executed; a value with blanks
# or signs stands in single quotes.
";

/// What there is to say about a variable.
fn comments(platform: &Platform, service: &Service, variable: &Variable) -> Vec<String> {
    let mut comments = source(platform, variable);
    comments.extend(reason(service, variable));
    if process::decided(platform, variable).is_none() {
        let required = if variable.required {
            "Required: the service does not start without it."
        } else {
            "Not required."
        };
        comments.push(required.to_owned());
    }
    comments
}

/// Where the value of a variable comes from.
fn source(platform: &Platform, variable: &Variable) -> Vec<String> {
    let kept = "platform.toml decides it, whatever is written here.";
    match &variable.value {
        Value::Text(_) => vec![["A plain value; ", kept].concat()],
        Value::Url(id, _) => vec![["The URL of `", &platform[*id].name, "`; ", kept].concat()],
        Value::Handle(id) => vec![["The handle `", &platform[*id].name, "`; ", kept].concat()],
        Value::Variable(name) => {
            vec![["The value of ", name, "; the start script copies it."].concat()]
        }
        Value::FillIn(words) => vec![["To fill in: ", words].concat()],
        Value::Secret(id) => {
            let secret = &platform[*id];
            let mut lines =
                vec![["The secret `", &secret.name, "`: ", &secret.title, "."].concat()];
            if let Some(command) = &secret.command {
                lines.push(["Make one, once for the whole platform: ", command].concat());
            }
            if let Some(place) = &secret.obtain {
                lines.push(["Obtain it: ", place].concat());
            }
            lines
        }
    }
}

/// Who wants a variable, when it is not the owner.
fn reason(service: &Service, variable: &Variable) -> Option<String> {
    match &variable.origin {
        Origin::Owner => None,
        Origin::Kind(why) => Some(["Always set for ", service.kind.title, ": ", why, "."].concat()),
        Origin::Route(deployment) => Some(["Read by the route `", deployment, "`."].concat()),
    }
}
