//! Which words of the command line are ours, which cargo's, which the program's.

use std::ffi::{OsStr, OsString};

use clap::Command;

/// Options that cargo has too, and that are left to it.
pub(super) const CARGOS: [&str; 2] = ["config", "verbose"];

/// What followed the name of a subcommand.
#[derive(PartialEq, Eq, Default, Debug)]
pub(crate) struct Words {
    /// Those that the subcommand declares.
    pub(crate) ours: Vec<OsString>,
    /// The rest of what comes before `--`.
    pub(crate) cargos: Vec<OsString>,
    /// What comes after `--`.
    pub(crate) programs: Vec<OsString>,
}

impl Words {
    /// Ours are the long options of `subcommand`, with their values, and `-h`; so short options, and whatever is not
    /// known here, is cargo's: it may know it, and if not, it will say so.
    pub(crate) fn sort(words: impl IntoIterator<Item = OsString>, subcommand: &Command) -> Self {
        let mut sorted = Self::default();
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--" {
                sorted.programs.extend(words);
                break;
            }
            match Ours::of(&word, subcommand) {
                Ours::No => sorted.cargos.push(word),
                Ours::Whole => sorted.ours.push(word),
                Ours::WithTheNext => {
                    sorted.ours.push(word);
                    sorted.ours.extend(words.next());
                }
            }
        }
        sorted
    }
}

#[derive(PartialEq, Eq, Debug)]
enum Ours {
    No,
    Whole,
    WithTheNext,
}

impl Ours {
    fn of(word: &OsStr, subcommand: &Command) -> Self {
        if word == "-h" || word == "--help" {
            return Self::Whole;
        }
        let Some((name, has_value)) = long_option(word) else { return Self::No };
        let options = subcommand.get_arguments().filter(|option| option.get_long() == Some(name));
        match options.filter(|_| !CARGOS.contains(&name)).last() {
            None => Self::No,
            Some(option) if option.get_action().takes_values() && !has_value => Self::WithTheNext,
            Some(_) => Self::Whole,
        }
    }
}

/// The name in `--name` or `--name=value`, and whether there is a value.
fn long_option(word: &OsStr) -> Option<(&str, bool)> {
    let bytes = word.as_encoded_bytes().strip_prefix(b"--")?;
    let name = bytes.split(|&byte| byte == b'=').next()?;
    Some((std::str::from_utf8(name).ok()?, name.len() < bytes.len()))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    fn sorted(words: &str) -> [String; 3] {
        let subcommand = Command::new("test")
            .arg(Arg::new("format").long("format"))
            .arg(Arg::new("config").long("config"))
            .arg(Arg::new("refuted").long("refuted").action(ArgAction::SetTrue))
            .arg(Arg::new("verbose").long("verbose").short('v').action(ArgAction::Count));
        let words = Words::sort(words.split_whitespace().map(OsString::from), &subcommand);
        [words.ours, words.cargos, words.programs].map(|words| words.join(OsStr::new(" ")).into_string().unwrap())
    }

    #[test]
    fn everybody_gets_their_words() {
        assert_eq!(
            sorted("-p core --format json --lib --refuted -- --format pretty -- x"),
            ["--format json --refuted", "-p core --lib", "--format pretty -- x"]
        );
        assert_eq!(sorted("--format=json some_test"), ["--format=json", "some_test", ""]);
    }

    #[test]
    fn cargo_keeps_what_both_have() {
        assert_eq!(sorted("-v --verbose"), ["", "-v --verbose", ""]);
        assert_eq!(sorted("--config build.jobs=1"), ["", "--config build.jobs=1", ""]);
    }

    #[test]
    fn a_value_that_is_missing_is_left_to_be_complained_of() {
        assert_eq!(sorted("--format"), ["--format", "", ""]);
        assert_eq!(sorted("-h"), ["-h", "", ""]);
    }
}
