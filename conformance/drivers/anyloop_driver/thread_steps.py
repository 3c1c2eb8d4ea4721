"""What does a thread do? It schedules and stops as other threads may, and nothing else."""

import signal
import threading
import time

from .loop_steps import UNIT, Payload
from .outcome import message
from .steps import Steps


class ThreadSteps(Steps):
    def prepare(self):
        self.threads = []
        self.former_handler = None

    def tidy(self):
        if self.former_handler is not None:
            signal.signal(signal.SIGURG, self.former_handler)

    def step_thread(self, step):
        if any(inner.word == "interrupt" for inner in step.body):
            self.expect_interruptions()
        self.record.hold("thread", step.label)
        thread = threading.Thread(target=self.thread_job, args=(step,), daemon=True)
        thread.start()
        self.threads.append(thread)

    def step_join(self, _):
        # A join inside of a callback would keep the loop from what the thread waits for.
        if not self.inside:
            self.join()

    def join(self):
        """Waits for the threads."""
        threads, self.threads = self.threads, []
        for thread in threads:
            thread.join()

    def thread_job(self, step):
        try:
            self.see_remote()
            for inner in step.body:
                self.thread_step(inner)
        except Exception as error:
            self.record.quietly("failed", panic=message(error))
        self.record.release("thread", step.label)

    def thread_step(self, step):
        if step.word in ("soon", "post"):
            self.post(step.label, Payload(self, step.label, step.body))
        elif step.word == "stop":
            self.record.event("stop")
            self.remote_stop()
        elif step.word == "wake":
            self.wake(step.of)
        elif step.word == "burn":
            deadline = time.monotonic() + step.time * UNIT
            while time.monotonic() < deadline:
                time.sleep(0)
        elif step.word == "unwatch":
            self.snatch(step.kid)
        elif step.word == "closewatcher":
            self.close_watcher()
        elif step.word == "interrupt":
            self.record.event("interrupting")
            signal.pthread_kill(self.record.home, signal.SIGURG)

    def expect_interruptions(self):
        """Has a handler that does nothing, and no system call that is restarted by the kernel."""
        former = signal.signal(signal.SIGURG, lambda _number, _frame: None)
        signal.siginterrupt(signal.SIGURG, True)
        if self.former_handler is None:
            self.former_handler = former

    def step_elsewhere(self, step):
        """Takes steps about policies on another thread, and waits for it."""
        thread = threading.Thread(target=self.booth.seat.play, args=(step.body,), daemon=True)
        thread.start()
        thread.join()
