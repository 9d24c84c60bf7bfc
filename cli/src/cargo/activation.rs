//! How to turn the recorder on without a change to any manifest.
//!
//! Cargo takes `--features NAME/record` for every selected package that has a dependency called NAME in its manifest, and
//! passes over those that have none. All selected packages are built together, with one `lockhound`, so one such package
//! turns it on for whoever else uses it, however indirectly. That needs one call of cargo, leaves the lock file alone
//! (`--locked` works), and keeps what was built without the feature for the next build without it.
//!
//! NAME is what the manifest calls `lockhound`. Where another selected package calls another crate so, the feature would be
//! asked of that crate, and the name is left out. An optional dependency is not turned on: `NAME?/record`.
//!
//! If no selected package depends on `lockhound` itself but one uses a crate that does, there are two ways. A feature of that
//! crate may do nothing but turn the recorder on (`record = ["lockhound/record"]`): then it is turned on. Else, a member of
//! the workspace can be selected *beside* what is to be tested; cargo then also builds its tests, and
//! [`only`](super::only) is set as the `runner` that leaves them out.
//!
//! Not done: in a workspace whose root is a package of an edition before 2021, without `resolver = "2"`, cargo asks features
//! only of the package in the current folder, and says so if it has no such dependency. There, call `cargo lockhound` in the
//! folder of a package that has.

use std::collections::{BTreeSet, VecDeque};

use cargo_metadata::{Dependency, DependencyKind, Metadata, Node, Package, PackageId};

/// The crate whose feature is wanted.
const LOCKHOUND: &str = "lockhound";
const RECORD: &str = "record";

/// What cargo is going to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    /// Builds dev-dependencies too, takes any number of packages, and starts tests by a runner.
    Test,
    /// Builds and runs one program.
    Run,
}

/// What turns the recorder on.
#[derive(PartialEq, Eq, Default, Debug)]
pub(super) struct Activation {
    /// For `--features`.
    pub(super) features: Vec<String>,
    /// Packages to be selected only so that the features can be asked for.
    pub(super) helpers: Vec<String>,
}

/// Why it cannot be turned on.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Off {
    /// No selected package has anything to do with `lockhound`.
    Unused,
    /// Only these do, which cannot be selected beside a program to be run.
    Through(Vec<String>),
    /// The crate of this version has no such feature.
    Featureless(String),
    /// The only names that it goes by stand for other crates elsewhere.
    Ambiguous(Vec<String>),
}

impl Activation {
    /// Looks for the least that does it.
    pub(super) fn of(metadata: &Metadata, selected: &[&Package], purpose: Purpose) -> Result<Self, Off> {
        if let Some(found) = metadata.packages.iter().find(|package| *package.name == LOCKHOUND)
            && !found.features.contains_key(RECORD)
        {
            return Err(Off::Featureless(found.version.to_string()));
        }
        let (features, ambiguous) = direct(selected, purpose);
        if !features.is_empty() {
            return Ok(Self { features, helpers: Vec::new() });
        }
        let features = forwarded(metadata, selected, purpose);
        if !features.is_empty() {
            return Ok(Self { features, helpers: Vec::new() });
        }
        let helpers: Vec<&Package> = between(metadata, selected);
        let names = || helpers.iter().map(|package| package.name.to_string()).collect();
        let all: Vec<&Package> = selected.iter().chain(&helpers).copied().collect();
        let (features, _) = direct(&all, purpose);
        match purpose {
            Purpose::Test if !features.is_empty() => Ok(Self { features, helpers: names() }),
            _ if !ambiguous.is_empty() => Err(Off::Ambiguous(ambiguous)),
            Purpose::Run if !features.is_empty() => Err(Off::Through(names())),
            _ => Err(Off::Unused),
        }
    }
}

/// What these packages' manifests call `lockhound`, as features; and such names as mean something else in another of them.
fn direct(packages: &[&Package], purpose: Purpose) -> (Vec<String>, Vec<String>) {
    let all = || packages.iter().flat_map(|package| package.dependencies.iter());
    let ours = all().filter(|dependency| dependency.name == LOCKHOUND && purpose.builds(dependency));
    let means_another =
        |name: &str| all().any(|dependency| dependency.name != LOCKHOUND && name_of(dependency) == name);
    let (ambiguous, clear): (Vec<_>, Vec<_>) = ours.partition(|dependency| means_another(name_of(dependency)));
    let needed = |name: &str| all().any(|dependency| name_of(dependency) == name && !dependency.optional);
    let feature = |dependency: &Dependency| {
        let name = name_of(dependency);
        format!("{name}{}/{RECORD}", if needed(name) { "" } else { "?" })
    };
    let features: BTreeSet<String> = clear.into_iter().map(feature).collect();
    let ambiguous: BTreeSet<String> = ambiguous.into_iter().map(|dependency| name_of(dependency).to_owned()).collect();
    (features.into_iter().collect(), ambiguous.into_iter().collect())
}

impl Purpose {
    fn builds(self, dependency: &Dependency) -> bool {
        match dependency.kind {
            DependencyKind::Normal => true,
            DependencyKind::Development => self == Self::Test,
            _ => false,
        }
    }
}

/// What the manifest calls it.
fn name_of(dependency: &Dependency) -> &str {
    dependency.rename.as_deref().unwrap_or(&dependency.name)
}

/// Features of the packages' own dependencies that turn the recorder on, and do nothing else.
fn forwarded(metadata: &Metadata, packages: &[&Package], purpose: Purpose) -> Vec<String> {
    let dependencies = packages.iter().flat_map(|package| package.dependencies.iter());
    let features = dependencies.filter(|dependency| purpose.builds(dependency)).filter_map(|dependency| {
        let package = metadata.packages.iter().find(|package| *package.name == dependency.name)?;
        Some(format!("{}/{}", name_of(dependency), forwarding(package)?))
    });
    features.collect::<BTreeSet<_>>().into_iter().collect()
}

/// A feature of the package that is nothing but `lockhound`'s.
fn forwarding(package: &Package) -> Option<&str> {
    let is_ours = |value: &str| {
        let parts = value.split_once('/').map(|(name, feature)| (name.trim_end_matches('?'), feature));
        parts.is_some_and(|(name, feature)| {
            let depends = |dependency: &Dependency| dependency.name == LOCKHOUND && name_of(dependency) == name;
            feature == RECORD && package.dependencies.iter().any(depends)
        })
    };
    let only_ours = |values: &Vec<String>| !values.is_empty() && values.iter().all(|value| is_ours(value));
    package.features.iter().find(|(_, values)| only_ours(values)).map(|(name, _)| name.as_str())
}

/// Other members of the workspace that these packages use, and that depend on `lockhound` themselves.
fn between<'a>(metadata: &'a Metadata, packages: &[&Package]) -> Vec<&'a Package> {
    let nodes = metadata.resolve.as_ref().map_or(&[][..], |resolve| &resolve.nodes);
    let node = |id: &PackageId| nodes.iter().find(|node| node.id == *id);
    let mut seen: BTreeSet<&PackageId> = packages.iter().map(|package| &package.id).collect();
    let mut queue: VecDeque<&Node> = seen.iter().filter_map(|id| node(id)).collect();
    while let Some(next) = queue.pop_front() {
        queue.extend(next.dependencies.iter().filter(|id| seen.insert(id)).filter_map(node));
    }
    let depends = |package: &&Package| {
        let needed = |dependency: &Dependency| dependency.name == LOCKHOUND && Purpose::Run.builds(dependency);
        package.dependencies.iter().any(needed)
    };
    let members = metadata.workspace_packages().into_iter();
    let is_new = |package: &&Package| packages.iter().all(|known| known.id != package.id);
    members.filter(|package| seen.contains(&package.id)).filter(is_new).filter(depends).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A dependency: what it is called, what it is, and anything else.
    fn dependency(name: &str, package: &str, more: &Value) -> Value {
        let mut value = json!({
            "name": package, "source": null, "req": "*", "kind": null, "rename": name, "optional": false,
            "uses_default_features": true, "features": [], "target": null, "registry": null,
        });
        for (key, of) in more.as_object().unwrap() {
            value[key] = of.clone();
        }
        value
    }

    fn package(name: &str, features: &Value, dependencies: &[Value]) -> Value {
        json!({
            "name": name, "version": "0.1.0", "id": name, "source": null, "dependencies": dependencies,
            "targets": [], "features": features, "manifest_path": format!("/{name}/Cargo.toml"), "edition": "2024",
            "license": null, "license_file": null, "description": null, "metadata": null, "publish": null,
            "authors": [], "categories": [], "keywords": [], "readme": null, "repository": null,
            "homepage": null, "documentation": null, "links": null, "default_run": null, "rust_version": null,
        })
    }

    fn workspace(mut packages: Vec<Value>) -> Metadata {
        let ids: Vec<Value> = packages.iter().map(|package| package["id"].clone()).collect();
        let nodes: Vec<Value> = packages
            .iter()
            .map(|package| {
                let names = package["dependencies"].as_array().unwrap().iter().map(|one| one["name"].clone());
                let used: Vec<Value> = names.filter(|name| ids.contains(name)).collect();
                json!({"id": package["id"], "dependencies": used, "deps": [], "features": []})
            })
            .collect();
        packages.push(package(LOCKHOUND, &json!({"record": []}), &[]));
        serde_json::from_value(json!({
            "packages": packages, "workspace_members": ids, "workspace_default_members": ids,
            "resolve": {"nodes": nodes, "root": null}, "workspace_root": "/", "target_directory": "/target",
            "version": 1, "metadata": null,
        }))
        .unwrap()
    }

    fn activation(metadata: &Metadata, selected: &[&str], purpose: Purpose) -> Result<(String, String), Off> {
        let packages = metadata.packages.iter().filter(|package| selected.contains(&package.name.as_str()));
        Activation::of(metadata, &packages.collect::<Vec<_>>(), purpose)
            .map(|activation| (activation.features.join(","), activation.helpers.join(",")))
    }

    fn features(features: &str) -> Result<(String, String), Off> {
        Ok((features.to_owned(), String::new()))
    }

    #[test]
    fn every_name_that_it_goes_by_is_used() {
        let metadata = workspace(vec![
            package("plain", &json!({}), &[dependency("lockhound", LOCKHOUND, &json!({"rename": null}))]),
            package("renamed", &json!({}), &[dependency("dog", LOCKHOUND, &json!({}))]),
            package("optional", &json!({}), &[dependency("perhaps", LOCKHOUND, &json!({"optional": true}))]),
            package("tests", &json!({}), &[dependency("watch", LOCKHOUND, &json!({"kind": "dev"}))]),
            package("build", &json!({}), &[dependency("script", LOCKHOUND, &json!({"kind": "build"}))]),
            package("none", &json!({}), &[]),
        ]);
        let all = ["plain", "renamed", "optional", "tests", "build", "none"];
        let expected = "dog/record,lockhound/record,perhaps?/record,watch/record";
        assert_eq!(activation(&metadata, &all, Purpose::Test), features(expected));
        assert_eq!(activation(&metadata, &["tests"], Purpose::Run), Err(Off::Unused));
        assert_eq!(activation(&metadata, &["none", "build"], Purpose::Test), Err(Off::Unused));
    }

    #[test]
    fn a_name_that_means_something_else_elsewhere_is_not_used() {
        let metadata = workspace(vec![
            package("one", &json!({}), &[dependency("dog", LOCKHOUND, &json!({}))]),
            package("two", &json!({}), &[dependency("dog", "greyhound", &json!({}))]),
            package("three", &json!({}), &[dependency("hound", LOCKHOUND, &json!({}))]),
        ]);
        assert_eq!(activation(&metadata, &["one", "two", "three"], Purpose::Test), features("hound/record"));
        let ambiguous = Err(Off::Ambiguous(vec!["dog".to_owned()]));
        assert_eq!(activation(&metadata, &["one", "two"], Purpose::Test), ambiguous);
    }

    #[test]
    fn what_is_used_through_another_member_is_turned_on_there() {
        let used = |features: Value| {
            workspace(vec![
                package("app", &json!({}), &[dependency("library", "core", &json!({}))]),
                package("core", &features, &[dependency("dog", LOCKHOUND, &json!({}))]),
            ])
        };
        let forwards = used(json!({"default": ["fast"], "fast": [], "trace": ["dog/record"]}));
        assert_eq!(activation(&forwards, &["app"], Purpose::Run), features("library/trace"));
        let does_more = used(json!({"trace": ["dog/record", "fast"], "fast": []}));
        let beside = Ok(("dog/record".to_owned(), "core".to_owned()));
        assert_eq!(activation(&does_more, &["app"], Purpose::Test), beside);
        assert_eq!(activation(&does_more, &["app"], Purpose::Run), Err(Off::Through(vec!["core".to_owned()])));
    }

    #[test]
    fn another_crate_of_that_name_has_no_such_feature() {
        let mut metadata = workspace(vec![package("app", &json!({}), &[dependency("dog", LOCKHOUND, &json!({}))])]);
        metadata.packages.last_mut().unwrap().features.clear();
        let expected = Err(Off::Featureless("0.1.0".to_owned()));
        assert_eq!(activation(&metadata, &["app"], Purpose::Test), expected);
    }
}
