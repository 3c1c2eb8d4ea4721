//! Time passes when nothing else can happen: with one loop, with several, and with threads.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyloop::{ChildToken, Command, ExitStatus, Instant, RunError, SpawnError, Watcher, sleep};
use anyloop_sim::{Outside, ProcessState, Script, SimChildWatcher, SimEventLoop, Simulation};

const SECOND: Duration = Duration::from_secs(1);

fn seconds(lp: &SimEventLoop) -> u64 {
    lp.time().as_nanos() / 1_000_000_000
}

#[test]
fn what_would_hang_says_that_it_has_stalled() {
    let lp = SimEventLoop::new();
    let never = lp.run_until_complete(std::future::pending::<()>());
    assert_eq!(never, Err(RunError::Stalled));
    assert_eq!(lp.run_until_complete(async { 1 }), Ok(1), "the loop is usable afterwards");
}

#[test]
fn advancing_runs_each_callback_at_its_time_and_nothing_early() {
    let lp = SimEventLoop::new();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let note = |after: u32, name: &'static str| {
        let (seen, at) = (seen.clone(), lp.clone());
        lp.call_later(SECOND * after, move || seen.borrow_mut().push((name, seconds(&at)))).unwrap();
    };
    note(3, "three");
    note(1, "one");
    note(5, "five");
    let (seen_chain, chain) = (seen.clone(), lp.clone());
    lp.call_later(SECOND, move || {
        let at = chain.clone();
        chain.call_later(SECOND, move || seen_chain.borrow_mut().push(("chained", seconds(&at)))).unwrap();
    })
    .unwrap();
    lp.advance(SECOND * 4).unwrap();
    assert_eq!(*seen.borrow(), [("one", 1), ("chained", 2), ("three", 3)]);
    assert_eq!(seconds(&lp), 4);
    lp.advance(SECOND).unwrap();
    assert_eq!(seen.borrow().last(), Some(&("five", 5)));
}

#[test]
fn an_idle_loop_has_run_what_was_ready_and_no_timer() {
    let lp = SimEventLoop::new();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (outer, inner, late) = (seen.clone(), seen.clone(), seen.clone());
    let again = lp.clone();
    lp.call_soon(move || {
        outer.borrow_mut().push("first");
        again.call_soon(move || inner.borrow_mut().push("second")).unwrap();
    })
    .unwrap();
    lp.call_later(Duration::from_nanos(1), move || late.borrow_mut().push("timer")).unwrap();
    lp.run_until_idle().unwrap();
    assert_eq!(*seen.borrow(), ["first", "second"]);
    assert_eq!(seconds(&lp), 0);
}

#[test]
fn loops_on_two_threads_share_one_time_and_pass_it_together() {
    const ROUNDS: u64 = 200;
    let simulation = Simulation::new();
    let here = SimEventLoop::with(&simulation);
    let outside = simulation.outside();
    let (send, receive) = mpsc::channel();
    let (other, begun) = (simulation.clone(), simulation.outside());
    let thread = thread::spawn(move || {
        let there = SimEventLoop::with(&other);
        // From here on the simulation sees this thread by its loop.
        there.call_soon(move || drop(begun)).unwrap();
        there.run_until_complete(async {
            for round in 0..ROUNDS {
                sleep(SECOND * 2).await.unwrap();
                send.send((round, there.time())).unwrap();
            }
        })
    });
    here.call_soon(move || drop(outside)).unwrap();
    here.run_until_complete(async {
        // Always one second off: the two loops take turns.
        sleep(SECOND).await.unwrap();
        for round in 0..ROUNDS {
            sleep(SECOND * 2).await.unwrap();
            let (number, when) = receive.try_recv().expect("the other loop was a second earlier");
            assert_eq!((number, here.time() - when), (round, SECOND));
        }
    })
    .unwrap();
    assert_eq!(thread.join().unwrap(), Ok(()));
}

#[test]
fn time_stands_still_while_somebody_outside_is_at_work() {
    for _ in 0..200 {
        let lp = SimEventLoop::new();
        let (remote, outside) = (lp.remote(), lp.simulation().outside());
        let thread = thread::spawn(move || {
            let _outside = outside;
            thread::yield_now();
            remote.stop();
        });
        lp.call_later(SECOND, || panic!("a second has passed")).unwrap();
        assert_eq!(lp.run_forever(), Ok(()));
        assert_eq!(seconds(&lp), 0);
        thread.join().unwrap();
    }
}

#[test]
fn programs_do_what_their_script_says_when_it_says_so() {
    let lp = SimEventLoop::new();
    let simulation = lp.simulation();
    simulation.program("crash", Script::signal(11).after(SECOND * 7));
    let watcher = Watcher::new(SimChildWatcher::new(simulation));
    let token = lp.capabilities().processes.unwrap().spawn(&Command::new("crash")).unwrap().token;
    let pid = token.pid();
    let child = anyloop::Child::adopt(&lp, &watcher, token).unwrap();
    // Stopped when it would end: it ends when it is continued.
    assert!(simulation.suspend(pid));
    lp.advance(SECOND * 9).unwrap();
    assert_eq!((simulation.state(pid), child.status()), (Some(ProcessState::Stopped), None));
    assert!(simulation.resume(pid));
    let status = lp.run_until_complete(child.wait()).unwrap();
    assert_eq!((status, seconds(&lp)), (ExitStatus::Signaled { signal: 11, core: false }, 9));
    assert_eq!(simulation.state(pid), None, "it was collected");
}

#[test]
fn a_program_without_a_script_is_not_found_and_nothing_is_started() {
    let lp = SimEventLoop::new();
    let missing = lp.capabilities().processes.unwrap().spawn(&Command::new("missing"));
    assert_eq!(missing.unwrap_err().error().raw(), 2);
}

#[test]
fn one_policy_makes_loops_of_one_simulation_that_start_programs() {
    let policy = anyloop_sim::SimEventLoopPolicy::new();
    let simulation = policy.simulation().clone();
    simulation.program("job", Script::exit(4).after(SECOND));
    let _guard = anyloop::PolicyGuard::new(anyloop::Policy::new(policy));
    let status = anyloop::run(async {
        let lp = anyloop::get_running_loop().unwrap();
        let missing = lp.subprocess_exec(&Command::new("jab"));
        assert!(matches!(missing, Err(SpawnError::Os(_))));
        lp.subprocess_exec(&Command::new("job")).unwrap().wait().await
    });
    assert_eq!(status, Ok(ExitStatus::Exited(4)));
    assert_eq!(simulation.now().as_nanos(), 1_000_000_000);
}

#[test]
fn children_that_end_by_the_same_moment_are_told_of_in_the_order_of_their_ends() {
    let lp = SimEventLoop::new();
    let watcher = Watcher::new(SimChildWatcher::new(lp.simulation()));
    let (send, told) = mpsc::channel();
    for after in [3, 1, 2] {
        let pid = lp.simulation().start(Script::exit(after).after(SECOND * after.unsigned_abs())).unwrap();
        let send = send.clone();
        let tell = move |_, status: ExitStatus| send.send(status.returncode()).unwrap();
        watcher.watch_on(&lp, ChildToken::from(pid), tell).unwrap();
    }
    lp.simulation().elapse(SECOND * 5);
    lp.run_until_idle().unwrap();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn advancing_tells_of_children_at_the_time_of_their_ends() {
    let lp = SimEventLoop::new();
    let watcher = Watcher::new(SimChildWatcher::new(lp.simulation()));
    let pid = lp.simulation().start(Script::exit(0).after(SECOND * 3)).unwrap();
    let (send, told) = mpsc::channel();
    let simulation = lp.simulation().clone();
    let tell = move |_, _| send.send(simulation.now().as_nanos() / 1_000_000_000).unwrap();
    watcher.watch_on(&lp, ChildToken::from(pid), tell).unwrap();
    lp.advance(SECOND * 5).unwrap();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [3]);
}

#[test]
fn a_deadline_beyond_the_horizon_is_not_waited_for() {
    let lp = SimEventLoop::new();
    lp.call_at(Instant::from_nanos(u64::MAX - 1), || panic!("it never comes")).unwrap();
    assert_eq!(lp.run_forever(), Err(RunError::Stalled));
    assert_eq!(seconds(&lp), 0);
}

#[test]
fn loops_that_wait_for_each_other_have_all_stalled() {
    let simulation = Simulation::new();
    let begin = |simulation: &Simulation, outside: Outside| {
        let lp = SimEventLoop::with(simulation);
        lp.call_soon(move || drop(outside)).unwrap();
        lp.run_forever()
    };
    let (other, outside, here) = (simulation.clone(), simulation.outside(), simulation.outside());
    let thread = thread::spawn(move || begin(&other, outside));
    assert_eq!(begin(&simulation, here), Err(RunError::Stalled));
    assert_eq!(thread.join().unwrap(), Err(RunError::Stalled));
}
