//! Why nothing was recorded.

use cargo_metadata::Package;

use super::activation::Off;
use crate::names;

/// The likely reason, as the user would have to be told, with what to do about it.
pub(super) fn reason(activation: Result<(), &Off>, selected: &[&Package]) -> String {
    match activation {
        Ok(()) => "nothing was recorded: no test or program used two threads, or two locks, of the crate `lockhound` \
                   (are the imports `lockhound::sync` and `lockhound::thread`?)"
            .to_owned(),
        Err(off) => format!("nothing was recorded: {}", in_words(off, selected)),
    }
}

fn in_words(off: &Off, selected: &[&Package]) -> String {
    match off {
        Off::Unused => {
            let packages = match selected {
                [] => "no package is selected that".to_owned(),
                [one] => {
                    format!("the package `{}` does not use the crate `lockhound`; one that is to be recorded", one.name)
                }
                many => format!(
                    "none of the packages {} uses the crate `lockhound`; one that is to be recorded",
                    names::list(many.iter().map(|package| package.name.as_str()), "and")
                ),
            };
            format!("{packages} needs it as a dependency, and `lockhound::sync` in place of `std::sync`")
        }
        Off::Through(packages) => {
            let packages = names::list(packages.iter().map(String::as_str), "and");
            format!(
                "the package to run uses the crate `lockhound` only through {packages}, where `cargo run` cannot turn its \
                 feature `record` on: add to {packages} the feature `record = [\"lockhound/record\"]`, or depend on \
                 `lockhound` in the package to run"
            )
        }
        Off::Featureless(version) => {
            format!("`lockhound` {version} has no feature `record`: is it another crate of that name?")
        }
        Off::Ambiguous(dependencies) => {
            let dependencies = names::list(dependencies.iter().map(String::as_str), "and");
            format!(
                "the feature `record` is off, because {dependencies} is `lockhound` in one selected package and another \
                 crate in another: select them one by one with `-p` and `--no-report`, then `cargo lockhound report`"
            )
        }
    }
}
