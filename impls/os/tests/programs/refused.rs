//! What becomes of programs that cannot be started: nothing is left.

use std::io::{Read, pipe};
use std::os::fd::OwnedFd;
use std::sync::Mutex;

use anyloop::{
    ChildToken, ChildWatcher, Command, ExitCallback, ExitStatus, Loop, OsError, Pid, Rejected, SpawnError,
    SpawnStep, Stdio, WatchError, Watcher,
};
use anyloop_os::{PidfdChildWatcher, SelectorEventLoop};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Here, alone, descriptors, everywhere, has_children, talking};

#[test]
fn what_cannot_be_started_leaves_nothing() {
    everywhere(|here| async move {
        let long = "x".repeat(200_000);
        let failures: Vec<(Command, SpawnStep, i32)> = vec![
            (talking("").arg(long), SpawnStep::Program, libc::E2BIG),
            (Command::new("/no/such/program"), SpawnStep::Program, libc::ENOENT),
            (Command::new("no-such-program"), SpawnStep::Program, libc::ENOENT),
            (Command::new(""), SpawnStep::Program, libc::ENOENT),
            (Command::new("/etc/passwd"), SpawnStep::Program, libc::EACCES),
            (Command::new("/bin/true").current_dir("/no/such"), SpawnStep::Directory, libc::ENOENT),
            (Command::new("/bin/true").arg("a\0b"), SpawnStep::Command, libc::EINVAL),
        ];
        for (command, step, error) in failures {
            let command = command.stdin(Stdio::Pipe).stdout(Stdio::Pipe).stderr(Stdio::Pipe);
            let before = descriptors();
            let Err(SpawnError::Os(failure)) = here.try_start(&command) else { panic!("{command:?} runs") };
            assert_eq!((failure.step(), failure.error()), (step, OsError::from_raw(error)), "{failure}");
            assert_eq!(failure.program(), command.get_program());
            assert_eq!((descriptors(), has_children()), (before, false), "{failure} leaves something");
        }
    });
}

#[test]
fn each_descriptor_may_be_the_one_too_many() {
    everywhere(|here| async move {
        let limit = getrlimit(Resource::Nofile);
        let before = descriptors() as u64;
        let mut refused = 0;
        for room in 0..16 {
            // One is taken by the listing of descriptors, which is closed again.
            setrlimit(Resource::Nofile, Rlimit { current: Some(before - 1 + room), ..limit }).unwrap();
            let started = here.try_start(&talking("exit 3"));
            setrlimit(Resource::Nofile, limit).unwrap();
            match started {
                Ok(child) => assert_eq!(child.wait().await, ExitStatus::Exited(3)),
                Err(SpawnError::Os(failure)) => {
                    assert_eq!(failure.error(), OsError::from_raw(libc::EMFILE), "{failure}");
                    refused += 1;
                }
                Err(error) => panic!("{error}"),
            }
            assert_eq!((descriptors() as u64, has_children()), (before, false), "with room for {room}");
        }
        assert!((6..10).contains(&refused), "{refused} were refused");
    });
}

#[test]
fn an_inactive_watcher_is_asked_first() {
    let _alone = alone();
    let here = Here(SelectorEventLoop::new(), Watcher::new(PidfdChildWatcher::new()));
    here.1.close();
    let (mut reader, writer) = pipe().unwrap();
    let command = Command::new("/bin/echo").stdout(OwnedFd::from(writer));
    assert_eq!(here.try_start(&command).unwrap_err(), SpawnError::Inactive);
    drop(command);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
    here.0.close().unwrap();
}

#[test]
fn a_watcher_that_refuses_costs_the_program_its_life() {
    struct Refuses(Mutex<Option<Pid>>);

    impl ChildWatcher for &'static Refuses {
        fn watch(
            &self,
            _: &Loop,
            token: ChildToken,
            callback: ExitCallback,
        ) -> Result<Option<ExitCallback>, Rejected<(ChildToken, ExitCallback), WatchError>> {
            *self.0.lock().unwrap() = Some(token.pid());
            Err(Rejected::new(WatchError::Unsupported("anything"), (token, callback)))
        }

        fn remove_child_handler(&self, _: Pid) -> bool {
            false
        }

        fn attach_loop(&self, _: Option<&Loop>) -> Result<(), WatchError> {
            Ok(())
        }

        fn is_active(&self) -> bool {
            true
        }

        fn close(&self) {}
    }

    let _alone = alone();
    let before = descriptors();
    let refuses: &'static Refuses = Box::leak(Box::new(Refuses(Mutex::new(None))));
    let here = Here(SelectorEventLoop::new(), Watcher::new(refuses));
    let refused = here.try_start(&talking("read _")).unwrap_err();
    assert_eq!(refused, SpawnError::Watcher(WatchError::Unsupported("anything")));
    assert!(refuses.0.lock().unwrap().is_some() && !has_children());
    assert_eq!(descriptors(), before);
    here.0.close().unwrap();
}
