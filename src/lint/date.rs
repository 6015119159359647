//! A day, as files name it: `2026-11-21`.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar; days are ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day that lies this many days after 1970-01-01.
    pub fn from_days(days: u64) -> Option<Self> {
        // Howard Hinnant's civil_from_days, for days after the epoch: eras of 400 years that begin in March.
        let days = i64::try_from(days).ok()?.checked_add(719_468)?;
        let (era, in_era) = (days / 146_097, days % 146_097);
        let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * in_year + 2) / 153;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(in_year - (153 * march_month + 2) / 5 + 1).ok()?,
        })
    }

    /// How many days lie between 1970-01-01 and this day; negative before it.
    pub fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let march_month = (month + 9) % 12;
        let in_year = (153 * march_month + 2) / 5 + day - 1;
        let in_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + in_year;
        era * 146_097 + in_era - 719_468
    }
}

impl FromStr for Date {
    type Err = NoDate;

    fn from_str(text: &str) -> Result<Self, NoDate> {
        let well_formed = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !well_formed {
            return Err(NoDate);
        }
        let number = |part: &str| part.parse::<u16>().map_err(|_| NoDate);
        let (year, month, day) = (
            number(&text[..4])?,
            number(&text[5..7])?,
            number(&text[8..])?,
        );
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let longest = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return Err(NoDate),
        };
        if day == 0 || day > longest {
            return Err(NoDate);
        }
        let (month, day) = (u8::try_from(month), u8::try_from(day));
        Ok(Self {
            year,
            month: month.map_err(|_| NoDate)?,
            day: day.map_err(|_| NoDate)?,
        })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:04}-{:02}-{:02}",
            self.year, self.month, self.day
        )
    }
}

/// A text that names no day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoDate;

impl fmt::Display for NoDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not a day such as 2026-11-21")
    }
}

impl std::error::Error for NoDate {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_and_named() {
        let date: Date = "2026-11-21".parse().expect("a day");
        assert_eq!(
            Date::from_days(u64::try_from(date.days()).unwrap()),
            Some(date)
        );
        assert_eq!(Date::from_days(0).unwrap().to_string(), "1970-01-01");
        assert_eq!(Date::from_days(19_782).unwrap().to_string(), "2024-02-29");
        for wrong in [
            "2026-13-01",
            "2026-02-29",
            "2026-1-1",
            "26-11-21",
            "2026-11-00",
            "",
        ] {
            assert_eq!(wrong.parse::<Date>(), Err(NoDate), "{wrong}");
        }
        assert!("2024-02-29" < "2024-03-01" && date > "2026-11-20".parse().unwrap());
    }
}
