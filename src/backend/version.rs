//! Versions and what a constraint allows of them, as `program_version` and `pins` write it.

/// The releases that a constraint allows: from a lowest to a highest, and whether those belong to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Window {
    lowest: Option<(Vec<u64>, bool)>,
    highest: Option<(Vec<u64>, bool)>,
}

impl Window {
    /// True when some release may be in both.
    pub fn meets(&self, other: &Self) -> bool {
        let reaches = |low: &Self, high: &Self| match (&low.lowest, &high.highest) {
            (Some((low, with)), Some((high, and))) => low < high || (low == high && *with && *and),
            _ => true,
        };
        reaches(self, other) && reaches(other, self)
    }

    /// Reads `>=0.4.0`, `<5`, `==1.2`, `1.2` and several of them with commas; nothing for what it does not know.
    pub fn read(text: &str) -> Option<Self> {
        let mut window = Self::default();
        for part in text.split(',').map(str::trim) {
            let at = part.find(|it: char| !"<>=".contains(it))?;
            let (sign, number) = part.split_at(at);
            let version = version(number.trim())?;
            let (low, high) = match sign {
                "" | "==" => (Some(true), Some(true)),
                ">=" => (Some(true), None),
                ">" => (Some(false), None),
                "<=" => (None, Some(true)),
                "<" => (None, Some(false)),
                _ => return None,
            };
            if let Some(with) = low {
                let bound = (version.clone(), with);
                window.lowest = Some(window.lowest.map_or(bound.clone(), |it| it.max(bound)));
            }
            if let Some(with) = high {
                let bound = (version, with);
                window.highest = Some(window.highest.map_or(bound.clone(), |it| it.min(bound)));
            }
        }
        Some(window)
    }

    /// True when it allows this release; nothing when the release is no row of numbers.
    pub fn allows(&self, release: &str) -> Option<bool> {
        let release = version(release)?;
        let above = self.lowest.as_ref();
        let below = self.highest.as_ref();
        Some(
            above.is_none_or(|(low, with)| release > *low || (*with && release == *low))
                && below.is_none_or(|(high, with)| release < *high || (*with && release == *high)),
        )
    }
}

/// The numbers of a version without zeros at the end, so that `5` and `5.0` are one.
fn version(text: &str) -> Option<Vec<u64>> {
    let parts = text.trim_start_matches('v').split('.').map(str::parse);
    let mut parts: Vec<u64> = parts.collect::<Result<_, _>>().ok()?;
    while parts.last() == Some(&0) {
        parts.pop();
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_meet_when_a_release_is_in_both() {
        let meet = |one: &str, two: &str| {
            let (one, two) = (Window::read(one).unwrap(), Window::read(two).unwrap());
            one.meets(&two) && two.meets(&one)
        };
        assert!(meet(">=0.4.0", "<2"));
        assert!(meet("==5", "5.0"));
        assert!(meet("<=5", ">=5"));
        assert!(!meet("<5", ">=5"));
        assert!(!meet(">=0.4.0", "==0.3.4"));
        assert!(!meet(">=1,<2", ">2"));
        assert_eq!(Window::read("~=1.4"), None);
        assert_eq!(Window::read("latest"), None);
    }

    #[test]
    fn a_release_is_inside_or_outside() {
        let allows = |window: &str, release: &str| Window::read(window).unwrap().allows(release);
        assert_eq!(allows(">=0.4.0", "0.4"), Some(true));
        assert_eq!(allows(">=0.4.0", "v0.10.1"), Some(true));
        assert_eq!(allows(">=0.4.0", "0.3.9"), Some(false));
        assert_eq!(allows("1.106.2", "1.106.2"), Some(true));
        assert_eq!(allows("1.106.2", "1.106.3"), Some(false));
        assert_eq!(allows(">1,<2", "2.0"), Some(false));
        assert_eq!(allows(">1,<2", "main"), None);
    }
}
