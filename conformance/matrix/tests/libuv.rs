//! libuv is judged as any other, by its driver in C, and what it breaks is known.

mod said;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use said::run;

/// Where the sources of the driver are.
fn sources() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../drivers/libuv")
}

/// Builds the driver from the sources in `place`, and gives its path. Fails loudly where there is no
/// compiler or no libuv.
fn build(place: &Path, name: &str) -> String {
    let driver = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let out = format!("OUT={}", driver.display());
    let made = Command::new("make").args(["-s", "-B", "-C"]).arg(place).arg(out).output();
    let Output { stderr, status, .. } = made.expect("make is missing: install Debian's make");
    assert!(
        status.success(),
        "install Debian's gcc, libc6-dev, libuv1-dev and pkg-config:\n{}",
        String::from_utf8_lossy(&stderr)
    );
    driver.to_str().unwrap().to_owned()
}

/// The driver as it is.
fn driver() -> &'static str {
    static DRIVER: OnceLock<String> = OnceLock::new();
    DRIVER.get_or_init(|| build(&sources(), "libuv"))
}

/// The driver with one change in one of its files.
fn changed(name: &str, file: &str, from: &str, to: &str) -> String {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-sources"));
    fs::create_dir_all(&place).unwrap();
    for entry in fs::read_dir(sources()).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), place.join(entry.file_name())).unwrap();
    }
    let text = fs::read_to_string(place.join(file)).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{file} does not have `{from}` once");
    fs::write(place.join(file), text.replace(from, to)).unwrap();
    build(&place, name)
}

/// What the kit says of one program, if it ends with that status.
fn check(driver: &str, program: &str, status: i32) -> String {
    run(&["check", "--driver", driver, "--program", program], status)
}

#[test]
#[ignore = "needs libuv: .ci/run drivers installs it"]
fn a_driver_in_c_plays() {
    let program = "soon #1 { soon #2 { cancel #6 } }; soon #3; thread #4 { post #5; interrupt; stop }; \
                   at 2 #6; at 4 #7; at 4 #8; never #9; discard; run";
    let said = run(&["play", program, "--driver", driver()], 0);
    for part in ["ready.fifo", "timer.tie", "timer.far", "wake.once", "close.drops", "close.descriptors"] {
        assert!(said.contains(&format!("  {part:<18} holds ")), "{part} is missing:\n{said}");
    }
}

#[test]
#[ignore = "needs libuv: .ci/run drivers installs it"]
fn a_child_is_watched() {
    let program = "child %1 exit 7; watch %1 #1; child %2 signal 9; watch %2 #2; end %1; ended %2; run";
    let said = run(&["play", program, "--driver", driver()], 0);
    assert!(said.contains("status: Exited(7)") && said.contains("status: Signaled { signal: 9"), "{said}");
}

#[test]
#[ignore = "needs libuv: .ci/run drivers installs it"]
fn what_stands_for_call_soon_can_be_chosen() {
    let order = "soon #1; soon #2";
    check(driver(), order, 0);
    check(&format!("{} --soon timer", driver()), order, 0);
    let said = check(&format!("{} --soon idle", driver()), order, 1);
    assert!(said.contains("ready.fifo  MUST"), "{said}");
    let stop = "soon #1 { stop; soon #2 }";
    check(driver(), stop, 0);
    let said = check(&format!("{} --soon timer", driver()), stop, 1);
    assert!(said.contains("stop.returns  MUST"), "{said}");
}

#[test]
#[ignore = "needs libuv: .ci/run drivers installs it"]
fn one_flipped_comparison_is_named() {
    let flipped = changed(
        "flipped",
        "lp.c",
        "deadline > now ? deadline - now : 0",
        "deadline < now ? deadline - now : 0",
    );
    let program = "at 300 #1";
    let said = check(&flipped, program, 1);
    assert!(said.contains("timer.early  MUST"), "{said}");
    check(driver(), program, 0);
}

#[test]
#[ignore = "needs libuv: .ci/run drivers installs it"]
fn a_driver_that_hangs_says_so() {
    let hangs = changed("hangs", "lp.c", "lp->stopped = true;\n    uv_stop(&lp->uv);", "lp->stopped = true;");
    let said = check(&format!("{hangs} --patience 300"), "soon #1", 1);
    assert!(said.contains("run.returns  MUST"), "{said}");
}

#[test]
#[ignore = "needs libuv: .ci/run drivers installs it"]
fn what_is_no_program_is_said_to_be_none() {
    let mut child = Command::new(driver())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deep = format!("play {}\n", "soon #1 { ".repeat(100_000));
    let asked = [
        b"play soon\nnonsense\n\n \nplay soon #4294967296\nplay run }\nplay stop\0\nplay \xff\xfe\n"
            as &[u8],
        deep.as_bytes(),
        b"play child %1 exit 256\nplay guard p { ask }; task #1 { yield }; soon #2 // and so on",
    ];
    child.stdin.take().unwrap().write_all(&asked.concat()).unwrap();
    let Output { stdout, stderr, status } = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(stdout).expect("whatever it is given, it says text");
    assert!(status.success() && stdout.ends_with("\nend\n"), "{stdout}");
    for answer in [
        "expected a label like #3, but the text ends\nend",
        "not understood: nonsense",
        "expected a label like #3, not `#4294967296`\nend",
        "expected a step, not `}`\nend",
        "expected a step, not `stop?`\nend",
        "expected a step, not `??`\nend",
        "expected no deeper body, not `{`\nend",
        "expected a number up to 255, not `256`\nend",
    ] {
        assert!(stdout.contains(&format!("\n// {answer}\n")), "{answer} is missing:\n{stdout}");
    }
    assert!(stdout.contains(" lacking what=\"policies\"\n"), "{stdout}");
    assert!(stdout.contains(" started label=#2\n"), "{stdout}");
    assert_eq!(String::from_utf8_lossy(&stderr), "");
}
