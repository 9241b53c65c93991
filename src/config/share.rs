//! A number of things, or a share of all of them: `5`, `5%`.

use std::fmt;
use std::str::FromStr;

/// A count, or a percentage of a whole that is known later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    /// So many.
    Count(usize),
    /// So many hundredths of a percent.
    Percent(u32),
}

impl Share {
    /// How many of `all` that is, rounded down, as CloudFormation StackSets round their tolerance
    /// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html>).
    pub fn rounded_down(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(hundredths) => all * hundredths as usize / 10_000,
        }
    }

    /// How many of `all` that is, rounded up.
    pub fn rounded_up(self, all: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Percent(hundredths) => (all * hundredths as usize).div_ceil(10_000),
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(hundredths) => match (hundredths / 100, hundredths % 100) {
                (whole, 0) => write!(f, "{whole}%"),
                (whole, part) if part % 10 == 0 => write!(f, "{whole}.{}%", part / 10),
                (whole, part) => write!(f, "{whole}.{part:02}%"),
            },
        }
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is neither a count nor a share: write 5 or 5%");
        let digits = |text: &str| {
            let all =
                !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
            all.then(|| text.parse::<u32>().ok()).flatten()
        };
        let Some(percent) = text.strip_suffix('%') else {
            return digits(text).map(|count| Self::Count(count as usize)).ok_or_else(wrong);
        };
        let (whole, part) = percent.split_once('.').unwrap_or((percent, "0"));
        let part = match (digits(part), part.len()) {
            (Some(tenths), 1) => tenths * 10,
            (Some(hundredths), 2) => hundredths,
            _ => return Err(wrong()),
        };
        let hundredths = digits(whole).and_then(|w| w.checked_mul(100)).map(|w| w + part);
        match hundredths {
            Some(hundredths @ 0..=10_000) => Ok(Self::Percent(hundredths)),
            Some(_) => Err(format!("`{text}` is more than everything: a share is 0% to 100%")),
            None => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_shown_and_rounded() {
        for (text, all, down, up) in [
            ("0", 40, 0, 0),
            ("7", 3, 7, 7),
            ("5%", 40, 2, 2),
            ("5%", 39, 1, 2),
            ("0.5%", 1000, 5, 5),
            ("0.25%", 1000, 2, 3),
            ("0.05%", 1000, 0, 1),
            ("100%", 39, 39, 39),
            ("0%", 39, 0, 0),
        ] {
            let share: Share = text.parse().unwrap();
            assert_eq!(share.to_string(), text);
            assert_eq!((share.rounded_down(all), share.rounded_up(all)), (down, up), "{text}");
        }
    }

    #[test]
    fn what_is_neither_a_count_nor_a_share_is_refused() {
        for text in [
            "",
            "%",
            "-1",
            "5 %",
            "five",
            "1.5",
            "1.555%",
            "101%",
            "100.01%",
            ".5%",
            "1e3",
            "9999999999",
            "٥%",
        ] {
            assert!(text.parse::<Share>().is_err(), "{text}");
        }
    }
}
