//! Quantities with a unit, ranges and days.

use super::Flaw;

/// Ten years: longer is a slip of the keyboard, and short enough for every consumer's integers.
const LONGEST_MILLISECONDS: u64 = 3_650 * 24 * 3_600 * 1_000;

pub(super) fn check_duration(word: &str) -> Result<(), Flaw> {
    let units = [
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
    ];
    let (number, unit) = quantity(word, &units, "such as `300s` or `5m`")?;
    match number.checked_mul(unit) {
        Some(length) if length <= LONGEST_MILLISECONDS => Ok(()),
        _ => Err(Flaw::new("it is longer than ten years")),
    }
}

pub(super) fn check_size(word: &str) -> Result<(), Flaw> {
    let units = [
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
    ];
    let (number, unit) = quantity(word, &units, "such as `16GB` or `512MiB`")?;
    match number.checked_mul(unit) {
        // The largest integer that JSON readers keep exact.
        Some(bytes) if bytes <= 1 << 53 => Ok(()),
        _ => Err(Flaw::new("it is more than any machine has")),
    }
}

pub(super) fn check_parameter_count(word: &str) -> Result<(), Flaw> {
    let help = "write a number and `M`, `B` or `T`, such as `27B` or `1.7B`";
    let Some(number) = word.strip_suffix(['M', 'B', 'T']) else {
        return Err(Flaw::new("its unit is missing or unknown").help(help));
    };
    let is_digits =
        |it: &str| !it.is_empty() && it.len() <= 9 && it.bytes().all(|it| it.is_ascii_digit());
    let fits = match number.split_once('.') {
        Some((whole, part)) => is_digits(whole) && is_digits(part),
        None => is_digits(number),
    };
    if fits {
        Ok(())
    } else {
        Err(Flaw::new("it does not begin with a number").help(help))
    }
}

pub(super) fn check_port_range(word: &str) -> Result<(), Flaw> {
    let help = "write first and last, such as `8100-8119`";
    let port = |it: &str| {
        let plain = !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        it.parse::<u16>().ok().filter(|it| plain && *it > 0)
    };
    let Some((first, last)) = word.split_once('-') else {
        return Err(Flaw::new("it has no `-` in it").help(help));
    };
    match (port(first), port(last)) {
        (Some(first), Some(last)) if first <= last => Ok(()),
        (Some(_), Some(_)) => Err(Flaw::new("its first port is above its last").help(help)),
        _ => Err(Flaw::new("a port is a number from 1 to 65535").help(help)),
    }
}

pub(super) fn check_date(word: &str) -> Result<(), Flaw> {
    let help = "write year, month and day, such as `2026-11-21`";
    let form = word.len() == 10
        && word.bytes().enumerate().all(|(at, it)| match at {
            4 | 7 => it == b'-',
            _ => it.is_ascii_digit(),
        });
    if !form {
        return Err(Flaw::new("it is not written as `YYYY-MM-DD`").help(help));
    }
    let number = |it: &str| it.parse::<u32>().unwrap_or(0);
    let (year, month, day) = (number(&word[..4]), number(&word[5..7]), number(&word[8..]));
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    if day >= 1 && day <= days {
        Ok(())
    } else {
        Err(Flaw::new("there is no such day"))
    }
}

/// Splits a word into its number and the worth of its unit.
fn quantity(word: &str, units: &[(&str, u64)], such_as: &str) -> Result<(u64, u64), Flaw> {
    let names: Vec<_> = units.iter().map(|(name, _)| format!("`{name}`")).collect();
    let help = format!("write a whole number and {}, {such_as}", names.join(", "));
    let end = word.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, unit) = word.split_at(end);
    if word.starts_with('-') {
        return Err(Flaw::new("it is negative").help(help));
    }
    if digits.is_empty() {
        return Err(Flaw::new("it does not begin with a number").help(help));
    }
    if unit.is_empty() {
        return Err(Flaw::new("it has no unit").help(help));
    }
    if unit.starts_with(' ') {
        return Err(Flaw::new("it has a space before the unit").help(help));
    }
    if unit.starts_with(['.', ',']) {
        return Err(Flaw::new("it is no whole number").help(help));
    }
    let Some((_, worth)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(Flaw::new(format!("`{unit}` is no unit")).help(help));
    };
    match digits.parse() {
        Ok(number) => Ok((number, *worth)),
        Err(_) => Err(Flaw::new("its number is too large").help(help)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DATE, DURATION, Kind, PARAMETER_COUNT, PORT_RANGE, SIZE};

    fn check(kind: &Kind, good: &[&str], bad: &[&str]) {
        for word in good {
            assert_eq!(kind.check(word), Ok(()), "{} {word}", kind.name);
        }
        for word in bad {
            assert!(kind.check(word).is_err(), "{} {word}", kind.name);
        }
    }

    #[test]
    fn c037_durations() {
        check(
            &DURATION,
            &["300s", "0s", "5m", "500ms", "1h", "3650d"],
            &[
                "5",
                "5mm",
                "-1s",
                "365000000000000d",
                "3651d",
                "1.5s",
                "s",
                "5 s",
                "99999999999999999999s",
            ],
        );
    }

    #[test]
    fn sizes() {
        check(
            &SIZE,
            &["128GB", "512MiB", "1TB"],
            &["12", "12gb", "1.5GB", "9999999999TB", "-1GB", "1 GB"],
        );
    }

    #[test]
    fn parameter_counts() {
        check(
            &PARAMETER_COUNT,
            &["27B", "1.7B", "350M", "1T"],
            &["27", "B", "27b", "1.B", ".5B", "1..2B"],
        );
    }

    #[test]
    fn c032_port_ranges() {
        check(
            &PORT_RANGE,
            &["8100-8119", "1-65535", "80-80"],
            &["8100", "0-1", "1-65536", "9-8", "-1-2", "a-b", "+1-2"],
        );
    }

    #[test]
    fn days() {
        check(
            &DATE,
            &["2026-11-21", "2024-02-29", "2000-02-29"],
            &[
                "2026-02-29",
                "1900-02-29",
                "2026-13-01",
                "2026-00-01",
                "2026-01-00",
                "26-01-01",
                "2026-1-01",
                "2026-11-21T00",
            ],
        );
    }
}
