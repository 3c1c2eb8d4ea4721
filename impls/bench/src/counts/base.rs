//! What if nobody ever counted with this compiler? Then the commit that the change starts from is
//! counted too, by this very benchmark: it is laid over a checkout of that commit.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::Counts;

const BENCH: &str = env!("CARGO_MANIFEST_DIR");
/// Where this package is in the repository.
const PLACE: &str = "impls/bench";

fn output(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

fn git(arguments: &[&str]) -> Result<String, String> {
    let output = output(Command::new("git").arg("-C").arg(BENCH).args(arguments))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Where the change starts from: the branch point, or what is committed, or the commit before.
fn commit() -> Result<String, String> {
    let head = git(&["rev-parse", "HEAD"])?;
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    let branch_point = git(&["merge-base", "HEAD", "origin/main"]).unwrap_or_else(|_| head.clone());
    if branch_point != head || is_changed { Ok(branch_point) } else { git(&["rev-parse", "HEAD~"]) }
}

/// A checkout that goes away when it is dropped.
struct Checkout(PathBuf);

impl Checkout {
    fn new(commit: &str) -> Result<Self, String> {
        let name = format!("anyloop-bench-base-{}", std::process::id());
        let checkout = Self(std::env::temp_dir().join(name));
        let path = checkout.0.to_str().ok_or("the directory for temporary files has a strange name")?;
        git(&["worktree", "add", "--detach", path, commit])?;
        Ok(checkout)
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        if let Some(path) = self.0.to_str() {
            // What stays behind is in the directory for temporary files.
            let _ = git(&["worktree", "remove", "--force", path]);
        }
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_name() == "target" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Counts the base commit, and says which that was.
pub(super) fn count() -> Result<(Counts, String), String> {
    let commit = commit()?;
    let checkout = Checkout::new(&commit)?;
    let bench = checkout.0.join(PLACE);
    copy(Path::new(BENCH), &bench).map_err(|error| format!("{}: {error}", bench.display()))?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = output(
        Command::new(cargo)
            .args(["run", "--release", "--quiet", "--manifest-path"])
            .arg(bench.join("Cargo.toml"))
            // Its own: else it would put its program in the place of this one.
            .arg("--target-dir")
            .arg(checkout.0.join("target"))
            .args(["--", "counts", "--json"]),
    )?;
    let counts = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("the base commit {commit} printed no counts: {error}"))?;
    Ok((counts, format!("the base commit {}", &commit[..12.min(commit.len())])))
}
