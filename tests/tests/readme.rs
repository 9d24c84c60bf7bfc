//! What the README tells people to type works.

use std::path::Path;

use lockhound_tests::{Output, Project, SAMPLE, cargo_lockhound, finish};
use yaml_rust2::{Yaml, YamlLoader};

/// A fenced block of the README.
#[derive(Debug)]
struct Block {
    language: String,
    /// What a comment before it says of it: `(in, fixtures/order-matching)`.
    mark: Option<(String, String)>,
    lines: Vec<String>,
}

impl Block {
    fn is_marked(&self, key: &str, value: &str) -> bool {
        self.mark.as_ref().is_some_and(|(has, of)| has == key && of == value)
    }

    /// What follows the prompts.
    fn commands(&self) -> Vec<&str> {
        self.lines.iter().filter_map(|line| line.strip_prefix("$ ")).collect()
    }
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn blocks(language: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(workspace().join("README.md")).unwrap();
    let mut blocks: Vec<Block> = Vec::new();
    let (mut mark, mut inside, mut indent) = (None, false, 0);
    for line in text.lines() {
        if !inside {
            indent = line.len() - line.trim_start().len();
        }
        // What stands in a list is indented, fence and all.
        let line = line.get(indent..).unwrap_or_default();
        if let Some(rest) = line.strip_prefix("```") {
            if !inside {
                blocks.push(Block { language: rest.to_owned(), mark: mark.take(), lines: Vec::new() });
            }
            inside = !inside;
        } else if inside {
            blocks.last_mut().unwrap().lines.push(line.to_owned());
        } else if let Some(comment) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            mark = comment.split_once(": ").map(|(key, value)| (key.to_owned(), value.to_owned()));
        }
    }
    blocks.retain(|block| block.language == language);
    blocks
}

/// Runs the commands one after the other in one shell. Each must do its job: end with 0, or with 1 where it finds a bug.
fn type_in(project: &Project, folder: &Path, commands: &[&str]) -> Output {
    let mut script = String::new();
    for command in commands {
        script += &format!(
            "{command}\nstatus=$?; [ $status -le 1 ] || {{ echo \"status $status: {command:?}\" >&2; exit 3; }}\n"
        );
    }
    let programs = cargo_lockhound().parent().unwrap().to_owned();
    let mut path = programs.into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    finish(project.command("bash").args(["-c", &script]).current_dir(folder).env("PATH", path))
}

fn succeeds(output: &Output) {
    assert_eq!(output.status, Some(0), "{}\n{}", output.stdout, output.stderr);
}

/// A project whose folder is only used for the sample, and its build's.
fn sample() -> Project {
    Project::sample("order-matching", &Path::new(env!("CARGO_TARGET_TMPDIR")).join("cargo-lockhound"))
}

#[test]
fn what_is_typed_in_a_users_project_works() {
    let project = sample();
    let has_nextest = project.command("cargo").args(["nextest", "--version"]).output().unwrap().status.success();
    let blocks = blocks("console");
    let in_sample: Vec<_> = blocks.iter().filter(|block| block.is_marked("in", SAMPLE)).collect();
    assert!(in_sample.len() >= 4, "{blocks:?}");
    for block in in_sample {
        let mut commands = block.commands();
        if !has_nextest && commands.iter().any(|command| command.contains("nextest")) {
            eprintln!("\n*** SKIPPED: `cargo lockhound nextest`: cargo-nextest is not installed ***\n");
            commands.retain(|command| !command.contains("nextest"));
        }
        let output = type_in(&project, project.folder(), &commands);
        succeeds(&output);
        let reports = [" finding", "::error "].iter().any(|sign| output.stdout.contains(sign));
        assert!(reports, "{block:?}\n{}\n{}", output.stdout, output.stderr);
    }
}

#[test]
fn what_is_typed_in_this_repository_works() {
    let project = sample();
    let blocks = blocks("console");
    // Those two are run by `.ci/run`, one of them being what runs this test.
    let by_ci = |block: &&Block| ["main", "test"].iter().any(|command| block.is_marked("command", command));
    assert_eq!(blocks.iter().filter(by_ci).count(), 2);
    let here = blocks.iter().filter(|block| !block.is_marked("in", SAMPLE) && !by_ci(block));
    let mut count = 0;
    for block in here {
        count += 1;
        let commands = block.commands();
        assert!(!commands.is_empty(), "{block:?}");
        // Where this build is, not where the projects share theirs.
        let shell = std::iter::once("unset CARGO_BUILD_BUILD_DIR").chain(commands).collect::<Vec<_>>();
        succeeds(&type_in(&project, workspace(), &shell));
    }
    assert!(count > 0, "{blocks:?}");
}

#[test]
fn the_workflow_is_one() {
    let [block] = &blocks("yaml")[..] else { panic!("expected one workflow") };
    let documents = YamlLoader::load_from_str(&block.lines.join("\n")).unwrap();
    let [workflow] = &documents[..] else { panic!("expected one document") };
    assert!(!workflow["on"].is_badvalue() && workflow["name"].as_str().is_some(), "{workflow:?}");
    let mut commands = Vec::new();
    for (name, job) in workflow["jobs"].as_hash().unwrap() {
        assert!(job["runs-on"].as_str().is_some(), "{name:?}");
        for step in job["steps"].as_vec().unwrap() {
            match (&step["uses"], &step["run"]) {
                (Yaml::String(action), Yaml::BadValue) => assert!(action.contains("@v"), "{action}"),
                (Yaml::BadValue, Yaml::String(lines)) => commands.extend(lines.lines()),
                _ => panic!("expected `uses` or `run`: {step:?}"),
            }
        }
    }
    let shown = blocks("console");
    let typed: Vec<&str> = shown.iter().flat_map(Block::commands).collect();
    let ours = |command: &&str| ["cargo lockhound", "lockhound"].iter().any(|program| command.starts_with(program));
    // A report must not fail the job: the tests' step does.
    let plain = commands.iter().filter(|command| ours(command)).map(|command| command.trim_end_matches(" || true"));
    for command in plain {
        assert!(typed.contains(&command), "`{command}` is not among what is tried: {typed:?}");
    }
}
