//! What an unquoted word of YAML is: by YAML 1.1 as PyYAML reads it, and where a person would have meant something else.

use super::tree::Value;

/// Reads an unquoted word as PyYAML's safe loader does; nothing for `=`, which it refuses.
pub(super) fn resolve(word: &str) -> Option<Value> {
    if word == "=" {
        return None;
    }
    Some(
        null(word)
            .or_else(|| boolean(word).map(Value::Boolean))
            .or_else(|| integer(word))
            .or_else(|| float(word))
            .or_else(|| is_moment(word).then_some(Value::Date))
            .unwrap_or_else(|| Value::Text(word.to_owned())),
    )
}

/// What a person who wrote a word would not expect of it: said in words.
pub(super) fn surprise(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    if boolean(word).is_some() && !matches!(lower.as_str(), "true" | "false") {
        return Some("a truth value");
    }
    if sexagesimal(word).is_some() {
        return Some("a number in base 60");
    }
    let digits = word.trim_start_matches(['+', '-']);
    if digits.len() > 1
        && digits.starts_with('0')
        && digits.bytes().all(|it| it.is_ascii_digit() || it == b'_')
        && integer(word).is_some()
    {
        return Some("a number in base 8");
    }
    None
}

fn null(word: &str) -> Option<Value> {
    matches!(word, "" | "~" | "null" | "Null" | "NULL").then_some(Value::Null)
}

fn boolean(word: &str) -> Option<bool> {
    match word {
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

fn integer(word: &str) -> Option<Value> {
    if let Some(number) = sexagesimal(word) {
        return Some(number);
    }
    let (negative, digits) = sign(word);
    let (radix, digits) = if let Some(rest) = digits.strip_prefix("0b") {
        (2, rest)
    } else if let Some(rest) = digits.strip_prefix("0x") {
        (16, rest)
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else if digits.starts_with(|it: char| it.is_ascii_digit()) {
        (10, digits)
    } else {
        return None;
    };
    let plain: String = digits.chars().filter(|it| *it != '_').collect();
    if digits.is_empty() || !digits.chars().all(|it| it == '_' || it.is_digit(radix)) {
        return None;
    }
    // Python has no largest integer; we keep what is larger as a number all the same.
    let number = i128::from_str_radix(&plain, radix).ok();
    let number = number.map(|it| if negative { -it } else { it });
    Some(match number.and_then(|it| i64::try_from(it).ok()) {
        Some(number) => Value::Integer(number),
        None => Value::Float(plain.parse().unwrap_or(f64::MAX)),
    })
}

/// `22:30` is 1350 in YAML 1.1.
fn sexagesimal(word: &str) -> Option<Value> {
    let (negative, digits) = sign(word);
    let mut parts = digits.split(':');
    let first = parts.next()?;
    if !first.starts_with(|it: char| ('1'..='9').contains(&it))
        || !first.bytes().all(|it| it.is_ascii_digit() || it == b'_')
        || !digits.contains(':')
    {
        return None;
    }
    let mut number: i64 = first.replace('_', "").parse().ok()?;
    for part in parts {
        let short = part.len() == 1 || (part.len() == 2 && part.as_bytes()[0] <= b'5');
        if !short || !part.bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        number = number.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    Some(Value::Integer(if negative { -number } else { number }))
}

fn float(word: &str) -> Option<Value> {
    let (negative, rest) = sign(word);
    let signed = |it: f64| Value::Float(if negative { -it } else { it });
    match rest {
        ".inf" | ".Inf" | ".INF" => return Some(signed(f64::INFINITY)),
        ".nan" | ".NaN" | ".NAN" if rest.len() == word.len() => {
            return Some(Value::Float(f64::NAN));
        }
        _ => {}
    }
    let (whole, fraction) = rest.split_once('.')?;
    let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit() || it == b'_');
    // Without a sign behind the `e`, PyYAML takes the word for text.
    let (fraction, exponent) = match fraction.find(['e', 'E']) {
        Some(at) => (&fraction[..at], Some(&fraction[at + 1..])),
        None => (fraction, None),
    };
    let starts = whole.starts_with(|it: char| it.is_ascii_digit())
        || (whole.is_empty()
            && rest.len() == word.len()
            && fraction.starts_with(|it: char| it.is_ascii_digit()));
    let exponent_is_right = exponent.is_none_or(|it| {
        let digits = it.trim_start_matches(['+', '-']);
        digits.len() + 1 == it.len()
            && !digits.is_empty()
            && digits.bytes().all(|it| it.is_ascii_digit())
    });
    if !starts || !digits(whole) || !digits(fraction) || !exponent_is_right {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    let text = format!("{whole}.{fraction}0e{}", exponent.unwrap_or("0"));
    text.replace('_', "").parse().ok().map(signed)
}

fn sign(word: &str) -> (bool, &str) {
    match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    }
}

/// True for a day, or a moment of one.
fn is_moment(word: &str) -> bool {
    let Some((day, rest)) = day(word) else {
        return false;
    };
    if rest.is_empty() {
        return day;
    }
    let Some(rest) = rest.strip_prefix(['T', 't', ' ', '\t']) else {
        return false;
    };
    let time = rest.trim_start_matches([' ', '\t']);
    let mut parts = time.splitn(3, ':');
    let number = |it: Option<&str>, most: usize| {
        it.is_some_and(|it| {
            (1..=most).contains(&it.len()) && it.bytes().all(|it| it.is_ascii_digit())
        })
    };
    let hours = number(parts.next(), 2);
    let minutes = number(parts.next(), 2);
    let seconds = parts.next().unwrap_or_default();
    hours
        && minutes
        && seconds.len() >= 2
        && seconds.bytes().take(2).all(|it| it.is_ascii_digit())
        && seconds
            .chars()
            .skip(2)
            .all(|it| it.is_ascii_digit() || ".Zz+-: \t".contains(it))
}

/// Whether a word begins with a day in its full form, and what follows it.
fn day(word: &str) -> Option<(bool, &str)> {
    let mut parts = word.splitn(3, '-');
    let (year, month, rest) = (parts.next()?, parts.next()?, parts.next()?);
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let right = year.len() == 4 && digits(year) && month.len() <= 2 && digits(month);
    (right && (1..=2).contains(&length)).then(|| (month.len() == 2 && length == 2, &rest[length..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What PyYAML 6.0.3 makes of each word.
    #[test]
    fn words_are_what_pyyaml_makes_of_them() {
        let text = |it: &str| Value::Text(it.to_owned());
        for (word, expected) in [
            ("on", Value::Boolean(true)),
            ("NO", Value::Boolean(false)),
            ("y", text("y")),
            ("nO", text("nO")),
            ("1_000", Value::Integer(1000)),
            ("22:22", Value::Integer(1342)),
            ("1:20", Value::Integer(80)),
            ("017", Value::Integer(15)),
            ("08", text("08")),
            ("0o17", text("0o17")),
            ("0x1F", Value::Integer(31)),
            ("0b11", Value::Integer(3)),
            ("+1", Value::Integer(1)),
            ("-7", Value::Integer(-7)),
            ("1e3", text("1e3")),
            ("1.0e3", text("1.0e3")),
            ("1.0e+3", Value::Float(1000.0)),
            ("1.5", Value::Float(1.5)),
            (".5", Value::Float(0.5)),
            ("1.", Value::Float(1.0)),
            ("-.inf", Value::Float(f64::NEG_INFINITY)),
            ("~", Value::Null),
            ("", Value::Null),
            ("2026-11-21", Value::Date),
            ("2026-1-2", text("2026-1-2")),
            ("2026-11-21T10:00:00Z", Value::Date),
            ("2024-02-15-preview", text("2024-02-15-preview")),
            ("qwen3:8b", text("qwen3:8b")),
            ("4000:4000", text("4000:4000")),
            ("1.2.3", text("1.2.3")),
            ("192.0.2.10", text("192.0.2.10")),
        ] {
            assert_eq!(resolve(word), Some(expected), "{word}");
        }
        assert_eq!(resolve("="), None);
    }

    #[test]
    fn surprises_are_named() {
        assert_eq!(surprise("off"), Some("a truth value"));
        assert_eq!(surprise("22:22"), Some("a number in base 60"));
        assert_eq!(surprise("017"), Some("a number in base 8"));
        for innocent in ["true", "17", "0", "1_000", "chat", "08", "2026-11-21"] {
            assert_eq!(surprise(innocent), None, "{innocent}");
        }
    }
}
