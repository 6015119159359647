//! A path of keys and indices into a document.

use std::fmt;

/// The way from the root of a document to one of its nodes, whether or not it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Path(Vec<Step>);

/// One step down: into a table or into an array.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// The value of this key.
    Key(String),
    /// The item at this place, from zero.
    Index(usize),
}

impl Path {
    /// The root itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// One step further, to the value of `key`.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.0.push(Step::Key(key.into()));
        self
    }

    /// One step further, to the item at `index`.
    #[must_use]
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl fmt::Display for Path {
    /// As one would write it in a dotted key, with indices in brackets: `services.chat.ports[0]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    let dot = if at == 0 { "" } else { "." };
                    if is_bare(key) {
                        write!(f, "{dot}{key}")?;
                    } else {
                        write!(f, "{dot}{key:?}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// True when TOML lets this key stand without quotes.
fn is_bare(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'_')
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn paths_read_as_dotted_keys() {
        let path = Path::new().key("services").key("a b").key("ports").index(2);
        assert_eq!(path.to_string(), "services.\"a b\".ports[2]");
        assert_eq!(Path::new().to_string(), "");
    }
}
