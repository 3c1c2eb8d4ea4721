//! A callback that panics is reported, and costs nobody else anything.
#![cfg(target_os = "linux")]

use std::cell::RefCell;
use std::rc::Rc;

use anyloop::JoinError;
use anyloop_os::SelectorEventLoop;

#[test]
fn a_panic_reaches_the_handler_and_the_rest_of_the_batch_runs() {
    let lp = SelectorEventLoop::new();
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hears = heard.clone();
    let observe = lp.capabilities().observe.unwrap();
    let none = observe.set_exception_handler(Some(Rc::new(move |exception| {
        hears.borrow_mut().push(exception.panic_message().unwrap_or_default().to_owned());
        panic!("a handler that panics is no matter either");
    })));
    assert!(none.is_none());
    lp.call_soon(|| panic!("one")).unwrap();
    let it = lp.clone();
    lp.call_soon(move || it.stop()).unwrap();
    lp.call_soon(|| panic!("{}", "two")).unwrap();
    lp.run_forever().unwrap();
    assert_eq!(*heard.borrow(), ["one", "two"]);

    let task = lp.spawn_local(async { panic!("three") }).unwrap();
    assert_eq!(lp.run_until_complete(task).unwrap(), Err::<(), _>(JoinError::Panicked));
    assert_eq!(heard.borrow().len(), 3);
    lp.close().unwrap();
}

#[test]
fn a_panic_of_the_root_future_is_the_callers() {
    let lp = SelectorEventLoop::new();
    let root = std::panic::AssertUnwindSafe(|| lp.run_until_complete(async { panic!("mine") }));
    let payload = std::panic::catch_unwind(root).unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"mine"));
    assert!(anyloop::get_running_loop().is_err(), "the mark of the running loop is gone");
    assert_eq!(lp.run_until_complete(async { "usable" }), Ok("usable"));
    lp.close().unwrap();
}
