//! The words of the variables.

use crate::monitor::Action;
use crate::{Stacks, Strict};

pub(super) fn action(text: &[u8]) -> Option<Action> {
    match text {
        b"off" => Some(Action::Off),
        b"report" => Some(Action::Report),
        b"abort" => Some(Action::Abort),
        b"panic" => Some(Action::Panic),
        _ => number(text.strip_prefix(b"exit:")?).map(|code| Action::Exit(code.into())),
    }
}

pub(super) fn strict(text: &[u8]) -> Option<Strict> {
    match text {
        b"0" | b"off" => Some(Strict::Off),
        b"1" | b"on" | b"panic" => Some(Strict::Panic),
        b"report" => Some(Strict::Report),
        _ => None,
    }
}

pub(super) fn stacks(text: &[u8]) -> Option<Stacks> {
    match text {
        b"off" => Some(Stacks::Off),
        b"new" => Some(Stacks::New),
        b"all" => Some(Stacks::All),
        _ => None,
    }
}

/// Whether a trace is kept whatever it holds.
pub(super) fn keeps_all(text: &[u8]) -> Option<bool> {
    match text {
        b"all" => Some(true),
        b"concurrent" => Some(false),
        _ => None,
    }
}

/// A number of bytes.
pub(super) fn size(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (digits, shift) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 10),
        b'm' | b'M' => (&text[..text.len() - 1], 20),
        b'g' | b'G' => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    digits.trim_end().parse::<u64>().ok()?.checked_mul(1 << shift).filter(|&size| size > 0)
}

fn number(text: &[u8]) -> Option<u8> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size(b"64k"), Some(65_536));
        assert_eq!(size(b" 3 G "), Some(3 << 30));
        assert_eq!(size(b"12"), Some(12));
        for bad in ["", "0", "k", "-1", "1T", "99999999999G"] {
            assert_eq!(size(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn words() {
        assert!(matches!(action(b"exit:3"), Some(Action::Exit(3))));
        assert!(matches!(action(b"abort"), Some(Action::Abort)));
        assert_eq!(strict(b"1"), Some(Strict::Panic));
        assert_eq!(strict(b"0"), Some(Strict::Off));
        assert_eq!(stacks(b"all"), Some(Stacks::All));
        assert_eq!((keeps_all(b"all"), keeps_all(b"concurrent")), (Some(true), Some(false)));
        for bad in ["exit", "exit:", "exit:256", "exit:-1", "Abort", "on", "\u{e9}"] {
            assert!(action(bad.as_bytes()).is_none(), "{bad}");
        }
        for bad in ["yes", "2", "abort", "\u{e9}"] {
            assert_eq!((strict(bad.as_bytes()), stacks(bad.as_bytes())), (None, None), "{bad}");
            assert_eq!(keeps_all(bad.as_bytes()), None, "{bad}");
        }
    }
}
