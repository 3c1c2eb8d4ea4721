//! How many system calls is a hop? strace counts those of a second process, between two marks.

use std::hint::black_box;
use std::process::{Command, Stdio};
use std::{env, fs};

/// Hops that are counted.
const HOPS: u64 = 1_000;

/// A call that nobody else makes here.
const MARK: &str = "getsid(";

fn mark() {
    // Only that it is made counts.
    let _ = black_box(rustix::process::getsid(None));
}

/// Does `work` between two marks.
pub(super) fn marked<T>(work: impl FnOnce() -> T) -> T {
    mark();
    let done = work();
    mark();
    done
}

/// Whether this is the process that is counted.
fn is_traced() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.strip_prefix("TracerPid:").is_some_and(|pid| pid.trim() != "0"))
}

/// Has this process's work done once more, shorter and traced; `None` without an strace that may do that.
pub(super) fn of_each_hop() -> Option<f64> {
    if is_traced() {
        return None;
    }
    let mut arguments: Vec<_> = env::args_os().skip(1).collect();
    *arguments.last_mut()? = HOPS.to_string().into();
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq"]).arg(env::current_exe().ok()?).args(arguments);
    let output = strace.stdin(Stdio::null()).stdout(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    between_marks(&String::from_utf8_lossy(&output.stderr)).map(|calls| calls as f64 / HOPS as f64)
}

/// How many calls strace tells of between two marks.
fn between_marks(text: &str) -> Option<usize> {
    let mut parts = text.split(MARK).skip(1);
    let (between, _) = (parts.next()?, parts.next()?);
    // Without the rests of both marks' lines; and of a call during which another thread made one there are two.
    let calls = between.lines().filter(|line| !line.contains(" resumed>")).count();
    calls.checked_sub(2)
}

#[cfg(test)]
mod tests {
    use super::between_marks;

    #[test]
    fn calls_between_the_marks_are_counted_once() {
        let text = "1 read(0) = 1\n1 getsid(0) = 1\n1 read(0 <unfinished ...>\n2 write(1) = 1\n\
                    1 <... read resumed>) = 1\n1 getsid(0) = 1\n1 exit()\n";
        assert_eq!(between_marks(text), Some(2));
        assert_eq!(between_marks("1 getsid(0) = 1\n1 getsid(0) = 1\n"), Some(0));
        assert_eq!(between_marks("strace: not permitted\n"), None);
    }
}
