//! Words with a form of their own (names, durations, sizes, addresses) and values with a source.
//!
//! The form is checked by `shape`, which finds it by the `x-homelab-kind` of the schema.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use smol_str::{SmolStr, ToSmolStr};

macro_rules! word {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
        #[serde(transparent)]
        #[schemars(extend("x-homelab-kind" = $kind, "pattern" = super::word::pattern($kind)))]
        pub struct $name(#[schemars(with = "String")] pub SmolStr);

        impl $name {
            /// The word as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

word!(
    /// A name: lower case letters, digits and single dashes, at most 63 characters, such as `litellm-orch`.
    Name, "name"
);
word!(
    /// The name of a handle or the canonical id of a model: letters, digits and `._:/@+-`, such as `qwen3:8b`.
    HandleName,
    "handle"
);
word!(
    /// A key in `snake_case`, such as `web_fetch`.
    Key,
    "key"
);
word!(
    /// The name of a user or group on a host.
    User,
    "user"
);
word!(
    /// A length of time: a number and `ms`, `s`, `m`, `h` or `d`, such as `300s`.
    Duration, "duration"
);
word!(
    /// An amount of memory or disk: a number and `MB`, `GB`, `TB`, `MiB`, `GiB` or `TiB`, such as `128GB`.
    Size, "size"
);
word!(
    /// A path: absolute, or relative to where the field says.
    Path, "path"
);
word!(
    /// An IPv4 or IPv6 address, such as `192.168.1.71`.
    Address, "address"
);
word!(
    /// A DNS name, such as `pi5l.tailf49db2.ts.net`.
    DnsName, "host-name"
);
word!(
    /// The name of an environment variable, such as `LITELLM_LOG`.
    EnvName, "env-name"
);
word!(
    /// A number of parameters: a number and `M`, `B` or `T`, such as `27B`.
    ParameterCount, "parameter-count"
);

/// A value of an environment variable: plain, or with the place it comes from.
#[derive(Debug, Clone, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum Value {
    /// Text, used as it stands.
    Text(#[schemars(with = "String")] SmolStr),
    /// A whole number.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// A value with a source.
    Source(Box<ValueEntry>),
}

/// By hand, because there are ten thousands in a file: what serde derives tries one variant after the other, and writes out why each does not fit.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number, a boolean or a table with a source")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Boolean(flag))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        let entry = ValueEntry::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Value::Source(Box::new(entry)))
    }
}

impl Value {
    /// The text of a plain value; nothing for one that comes from somewhere.
    pub fn plain(&self) -> Option<SmolStr> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Integer(number) => Some(number.to_smolstr()),
            Self::Boolean(yes) => Some(yes.to_smolstr()),
            Self::Source(_) => None,
        }
    }
}

/// Where a value comes from: exactly one of `secret`, `url`, `handle`, `env` and `fill_in`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueEntry {
    /// The secret of this name; its value is filled in on the host.
    pub secret: Option<Name>,
    /// The URL of this service, as the reader of the variable reaches it.
    pub url: Option<Name>,
    /// With `url`: which of the service's named ports.
    pub port: Option<Name>,
    /// With `url`: what follows the service's address, such as `/v1`.
    pub path: Option<String>,
    /// The name of this handle.
    pub handle: Option<String>,
    /// The variable of this name in the environment of the program that reads the value.
    pub env: Option<EnvName>,
    /// What the owner fills in on the host, in words.
    pub fill_in: Option<String>,
    /// False when the program runs without it. Default: true.
    pub required: Option<bool>,
}

/// A fixed request parameter or a setting passed through: any TOML value but a date.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Parameter {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Parameter>),
    /// Named values; `{ env = "NAME" }` alone is the variable of that name.
    Table(std::collections::BTreeMap<String, Parameter>),
}

impl Duration {
    /// The length of time; nothing when the word is not one.
    pub fn to_std(&self) -> Option<std::time::Duration> {
        let digits = self.0.trim_end_matches(|it: char| it.is_ascii_alphabetic());
        let number: u64 = digits.parse().ok()?;
        let milliseconds = match &self.0[digits.len()..] {
            "ms" => Some(number),
            "s" => number.checked_mul(1_000),
            "m" => number.checked_mul(60_000),
            "h" => number.checked_mul(3_600_000),
            "d" => number.checked_mul(86_400_000),
            _ => None,
        };
        milliseconds.map(std::time::Duration::from_millis)
    }
}

impl ParameterCount {
    /// The number; nothing when the word is not one.
    pub fn to_number(&self) -> Option<f64> {
        let unit = match self.0.chars().last()? {
            'M' => 1e6,
            'B' => 1e9,
            'T' => 1e12,
            _ => return None,
        };
        let number: f64 = self.0[..self.0.len() - 1].parse().ok()?;
        Some(number * unit)
    }
}

impl Size {
    /// The amount in bytes; nothing when the word is not one.
    pub fn to_bytes(&self) -> Option<u64> {
        let digits = self.0.trim_end_matches(|it: char| it.is_ascii_alphabetic());
        let number: u64 = digits.trim_end().parse().ok()?;
        let unit: u64 = match &self.0[digits.len()..] {
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "TB" => 1_000_000_000_000,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "TiB" => 1 << 40,
            _ => return None,
        };
        number.checked_mul(unit)
    }
}

impl Address {
    /// The address in its canonical form, an IPv4 address inside IPv6 as IPv4; nothing when the word is not one.
    pub fn canonical(&self) -> Option<std::net::IpAddr> {
        self.0
            .parse::<std::net::IpAddr>()
            .ok()
            .map(|it| it.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_values() {
        assert_eq!(
            Duration("2s".into()).to_std(),
            Some(std::time::Duration::from_secs(2))
        );
        assert_eq!(Duration("5".into()).to_std(), None);
        assert_eq!(Duration("99999999999999999999d".into()).to_std(), None);
        assert_eq!(Size("128GB".into()).to_bytes(), Some(128_000_000_000));
        assert_eq!(Size("1GiB".into()).to_bytes(), Some(1 << 30));
        assert_eq!(Size("12".into()).to_bytes(), None);
        assert_eq!(
            Address("::ffff:127.0.0.1".into())
                .canonical()
                .map(|it| it.to_string()),
            Some("127.0.0.1".into())
        );
        assert_eq!(Address("127.1".into()).canonical(), None);
    }
}
