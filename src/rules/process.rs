//! Promises about starting programs and talking with them.
//!
//! A subject whose loops lack the capability [`Processes`](crate::Processes) says that it lacks this family.

rules! {
    /// While the child watcher is not active, starting a program MUST fail before there is a process.
    Must FIRST = "process.first" from ["PROC-35"]
        why "A program that runs although its start was refused is started again by whoever was told so."
        check "whether the watcher is asked before the program is started";
    /// If a program cannot be started, whoever asked MUST be given the system's error, and no process, no
    /// descriptor and no registration may be left.
    Must NOTHING = "process.nothing" from ["PROC-02", "PROC-22", "B33"]
        why "Servers retry, and what each failure leaves behind adds up."
        check "which resources exist when the failing step is taken, and who owns them";
    /// How a child ended MUST be unknown until its end is reported, then true, and never change.
    Must STATUS = "process.status" from ["PROC-01", "PROC-05", "PROC-12"]
        why "Programs decide by it, at any later time."
        check "whether the status is stored once";
    /// Whoever waits for a child's end MUST be given the same status, also who begins after the end.
    Must WAITERS = "process.waiters" from ["PROC-06", "PROC-37"]
        why "A supervisor and a request may wait for the same child."
        check "whether a second task takes the first one's place";
    /// A wait that is given up MUST disturb neither the child nor others who wait.
    Must CANCEL = "process.cancel" from ["PROC-08", "PROC-21"]
        why "Waits are given up when their time is up, and begun again."
        check "what the future does when it is dropped";
    /// A wait MUST end with the child, also while another process holds its pipes.
    Must ALONE = "process.alone" from ["PROC-07", "PROC-11", "B32", "B34"]
        why "A shell's children live on, and must not keep whoever started it."
        check "whether the wait also waits for the streams";
    /// All that a program wrote MUST be read, then the end, also if it has ended long before.
    Must BYTES = "process.bytes" from ["PROC-09", "PROC-10", "PROC-28", "PROC-31"]
        why "The last line says why a program failed."
        check "whether the pipes are closed when the end is reported";
    /// A program whose standard input is dropped MUST read what was written before, and then the end, whatever other
    /// programs were started.
    Must INPUT = "process.input" from ["PROC-26", "PROC-27", "PROC-29", "PROC-30"]
        why "Filters end when their input does."
        check "whether other children inherit this process's ends of the pipes";
    /// Communicating MUST write the input, read both streams to their ends, and give the status, whatever amounts that
    /// are.
    Must COMMUNICATE = "process.communicate" from ["PROC-23", "PROC-25"]
        why "Pipes hold little, and a program that waits for its output to be read does not read its input."
        check "whether writing waits while there is something to read";
    /// A program that ends without having read its input MUST NOT make communicating fail.
    Must DEAF = "process.deaf" from ["PROC-24"]
        why "`head` is a program like any other."
        check "what is done with the error that a broken pipe gives";
    /// A signal MUST reach the child that it is sent to, whose end tells of it.
    Must SIGNALLED = "process.signalled" from ["PROC-13"]
        why "A child that is asked to end has to hear it."
        check "which process the signal is sent to";
    /// A signal to a child whose end has been reported MUST be refused.
    Must OVER = "process.over" from ["PROC-14", "B29"]
        why "Its number may be another process's."
        check "whether the status is looked at before the system is asked";
    /// A signal to a child that has ended, and whose end was not reported, MUST NOT fail, nor cost its status.
    Must KEPT = "process.kept" from ["PROC-15", "PROC-16", "B28"]
        why "Whoever sends it cannot know."
        check "whether sending a signal looks whether the child has ended, and so collects it";
    /// A child that is to be killed when it is dropped MUST end then, and be collected.
    Must KILLED = "process.killed" from ["PROC-17", "PROC-18", "PROC-20"]
        why "Whatever ends a task must end what it has started."
        check "whether the drop sends the signal, and leaves the registration";
    /// A child that is dropped otherwise MUST go on, and be collected when it ends.
    Must DETACHED = "process.detached" from ["PROC-18", "PROC-20"]
        why "Daemons outlive whoever started them, and must not become zombies."
        check "whether the registration lives on without the child";
    /// If the loop is closed before a child's end was reported, a wait MUST end all the same, without a status, and the
    /// child be collected.
    Must CLOSED = "process.closed" from ["PROC-19", "B36"]
        why "Whoever waits on another loop would wait for ever."
        check "what becomes of the callback that the closed loop does not call";
    /// Each standard stream MUST be what was asked for: this process's, nothing, a pipe, something given, or where
    /// standard output goes.
    Must STREAMS = "process.streams" from ["PROC-04"]
        why "Output that goes elsewhere is lost."
        check "the order in which descriptors are moved to their places";
}
