//! Days, as the file writes them.

use std::time::{Duration, SystemTime};

use anyhow::{Context, anyhow};

/// A day: TOML's local date.
pub(crate) type Date = toml_edit::Date;

/// Says which moment counts as now, in seconds since 1970, so that a report can be made again.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The day that it is, by the clock of UTC, or that `SOURCE_DATE_EPOCH` says.
///
/// # Errors
/// If that variable holds no time.
pub(crate) fn today() -> anyhow::Result<Date> {
    match std::env::var(EPOCH) {
        Ok(text) => day_of(&text).with_context(|| format!("{EPOCH} is `{text}`")),
        Err(std::env::VarError::NotPresent) => day(SystemTime::now()),
        Err(error) => Err(error).context(EPOCH),
    }
}

fn day_of(seconds: &str) -> anyhow::Result<Date> {
    let expected = || anyhow!("expected seconds since 1970-01-01");
    let since = Duration::from_secs(seconds.trim().parse().map_err(|_| expected())?);
    SystemTime::UNIX_EPOCH.checked_add(since).ok_or_else(expected).and_then(day)
}

fn day(time: SystemTime) -> anyhow::Result<Date> {
    // Beyond the year 9999 it refuses to write, and says so by an error.
    let mut text = String::new();
    std::fmt::write(&mut text, format_args!("{}", humantime::format_rfc3339_seconds(time)))
        .map_err(|_| anyhow!("that is beyond the year 9999"))?;
    parse(text.get(..10).unwrap_or(&text)).map_err(|error| anyhow!(error))
}

/// `2027-01-31`.
///
/// # Errors
/// In words, if it is none.
pub(crate) fn parse(text: &str) -> Result<Date, String> {
    let wrong = || format!("`{text}` is no date: expected a day like 2027-01-31");
    let parsed: toml_edit::Datetime = text.parse().map_err(|_| wrong())?;
    match parsed {
        toml_edit::Datetime { date: Some(date), time: None, offset: None } => Ok(date),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_on_a_day() {
        let text = |seconds| day_of(seconds).map(|date| date.to_string()).map_err(|error| error.to_string());
        assert_eq!(text("0"), Ok("1970-01-01".to_owned()));
        assert_eq!(text("1795219199\n"), Ok("2026-11-20".to_owned()));
        assert_eq!(text("1795219200"), Ok("2026-11-21".to_owned()));
        for wrong in ["", "soon", "-1", "18446744073709551615", "999999999999"] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_date_is_a_day_of_the_calendar() {
        assert_eq!(parse("2028-02-29").unwrap().to_string(), "2028-02-29");
        assert!(parse("2027-01-31").unwrap() < parse("2027-02-01").unwrap());
        for wrong in ["2027-02-29", "2027-1-3", "tomorrow", "2027-01-31T10:00:00Z", "10:00:00", "2027-01-31T10:00:00"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
