//! What programs find when they start.

use std::io::Write;
use std::process;

use anyloop::{Command, ExitStatus, ResourceLimit, Stdio};
use rustix::io::dup;

use super::{alone, everywhere, is_refused, text};

#[test]
fn what_is_set_is_what_the_program_finds() {
    everywhere(|here| async move {
        let said = async |command: Command| {
            let mut child = here.start(&command.stdout(Stdio::Pipe));
            text(child.communicate(b"").await.unwrap().stdout)
        };
        let environment =
            Command::new("/usr/bin/env").env_clear().env("A", "1").env("B", "2").env_remove("A");
        assert_eq!(said(environment).await, "B=2\n");
        assert_eq!(said(Command::new("pwd").current_dir("/usr").env("PWD", "")).await, "/usr\n");
        assert_eq!(said(Command::shell("umask").umask(0o137)).await, "0137\n");
        let limit = ResourceLimit { resource: libc::RLIMIT_CORE as i32, soft: 0, hard: 512 };
        assert_eq!(said(Command::shell("ulimit -c; ulimit -H -c").limit(limit)).await, "0\n1\n");
        // The group of its own, and the session: /proc/PID/stat, fields 5 and 6.
        let ids =
            "read pid _ _ _ group session _ < /proc/self/stat; echo $((pid == group)) $((pid == session))";
        assert_eq!(said(Command::shell(ids).process_group(0)).await, "1 0\n");
        assert_eq!(said(Command::shell(ids).new_session()).await, "1 1\n");
        // What the runtime ignores is not ignored, nothing is blocked, and nothing is open that was not given, whether
        // or not it is marked so.
        let _unmarked = dup(std::io::stdin()).unwrap();
        let mask = "grep -E '^Sig(Blk|Ign)' /proc/self/status; ls /proc/self/fd | wc -l";
        let said = said(Command::shell(mask).stdin(Stdio::Null)).await;
        let words: Vec<_> = said.split_whitespace().collect();
        let [_, blocked, _, ignored, open] = words[..] else { panic!("{said}") };
        let mask = |text| u64::from_str_radix(text, 16).unwrap();
        let pipe = 1 << (libc::SIGPIPE - 1);
        assert_eq!((mask(blocked), mask(ignored) & pipe), (0, 0));
        // The listing itself takes one. Std passes on what is not close-on-exec.
        assert!(open == "4" || is_refused(), "{open} descriptors are open");
    });
}

#[test]
fn what_is_not_connected_is_inherited() {
    /// Set in the process whose streams are inherited.
    const HEIR: &str = "ANYLOOP_TEST_HEIR";
    if std::env::var_os(HEIR).is_some() {
        return everywhere(|here| async move {
            let both = Command::shell("read line; echo \"<$line>\"; echo \"<<$line>>\" >&2");
            assert_eq!(here.start(&both.stdin(Stdio::Inherit)).wait().await, ExitStatus::Exited(0));
        });
    }
    let _alone = alone();
    let mut heir = process::Command::new(std::env::current_exe().unwrap());
    heir.args(["--exact", "setting::what_is_not_connected_is_inherited", "--nocapture"]).env(HEIR, "1");
    let pipe = process::Stdio::piped;
    let mut heir = heir.stdin(pipe()).stdout(pipe()).stderr(pipe()).spawn().unwrap();
    heir.stdin.take().unwrap().write_all(b"first\nsecond\n").unwrap();
    let output = heir.wait_with_output().unwrap();
    let (said, complained) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{said}{complained}");
    // One after the other read a line, of the same pipe.
    assert!(said.contains("<first>\n<second>\n"), "{said}");
    assert!(complained.contains("<<first>>\n<<second>>\n"), "{complained}");
}
