//! A browser without a window, driven through a pair of pipes (`chromium --remote-debugging-pipe`).

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use serde_json::{Value, json};

/// How long an answer may take. One that comes never takes that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The browser, with one page.
pub(crate) struct Chromium {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    /// What the browser told without being asked, in order.
    pub(crate) events: Vec<Value>,
    folder: PathBuf,
}

impl Chromium {
    /// Starts the browser that `ANYLOOP_CHROMIUM` names, or `chromium`.
    pub(crate) fn start(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let program = env::var("ANYLOOP_CHROMIUM").unwrap_or_else(|_| "chromium".into());
        // The browser reads commands from descriptor 3 and writes answers to descriptor 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null", &program])
            .args(["--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"])
            // CI runs as root, where there is no sandbox; the page is our own.
            .args(["--no-sandbox", "--disable-background-networking"])
            .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1400,1000"])
            .arg(format!("--user-data-dir={}", folder.join("profile").display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.join("log")).unwrap())
            .spawn()
            .expect("there is a shell");
        let commands = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut message = Vec::new();
            while answers.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else { break };
                if sender.send(value).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let (session, sent, events) = (None, 0, Vec::new());
        let mut browser = Self { child, commands, messages, session, sent, events, folder };
        let targets = browser.call("Target.getTargets", json!({}));
        let page = targets["targetInfos"].as_array().unwrap().iter().find(|target| target["type"] == "page");
        let target = page.expect("a page")["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.session = attached["sessionId"].as_str().map(Into::into);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.call("Page.setLifecycleEventsEnabled", json!({ "enabled": true }));
        // A window that is not in front, as this one may be, has no focus to move.
        browser.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        browser
    }

    /// Gives a command and returns the answer.
    pub(crate) fn call(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut command = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        if write!(self.commands, "{command}\0").and_then(|()| self.commands.flush()).is_err() {
            self.give_up("takes no command");
        }
        loop {
            let message = self.next_message();
            if message["id"] == self.sent {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn next_message(&mut self) -> Value {
        match self.messages.recv_timeout(PATIENCE) {
            Ok(message) => message,
            Err(_) => self.give_up("does not answer"),
        }
    }

    fn give_up(&self, what: &str) -> ! {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("the browser {what}; is it there? On Debian: apt-get install chromium\n{log}");
    }

    /// Loads a page that is given as text, at the fragment, and waits until it is there.
    pub(crate) fn load(&mut self, page: &str, fragment: &str) {
        let file = self.folder.join("index.html");
        fs::write(&file, page).unwrap();
        // Another fragment alone would not load it again.
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        let url = format!("file://{}{fragment}", file.display());
        let answer = self.call("Page.navigate", json!({ "url": url }));
        assert!(answer["errorText"].is_null(), "{answer}");
        let loader = answer["loaderId"].clone();
        let is_loaded = |event: &Value| {
            let params = &event["params"];
            event["method"] == "Page.lifecycleEvent"
                && params["loaderId"] == loader
                && params["name"] == "load"
        };
        while !self.events.iter().any(is_loaded) {
            let message = self.next_message();
            self.events.push(message);
        }
        self.settle();
    }

    /// Waits until what was asked for so far has been drawn.
    fn settle(&mut self) {
        let drawn = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))";
        self.call("Runtime.evaluate", json!({ "expression": drawn, "awaitPromise": true }));
    }

    /// The value of an expression of the page's language.
    pub(crate) fn ask(&mut self, expression: &str) -> Value {
        let answer =
            self.call("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true }));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression has that value: what follows a key or a click may be a task of its
    /// own.
    pub(crate) fn wait_for(&mut self, expression: &str, expected: &str) {
        let start = Instant::now();
        loop {
            let found = self.ask(expression);
            if found == expected {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{expression} is {found}, not {expected:?}");
        }
    }

    /// Presses and releases a key, as a keyboard would.
    pub(crate) fn press(&mut self, key: &str) {
        let number = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            other => panic!("no number is known of the key {other}"),
        };
        let mut event =
            json!({ "type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": number });
        if key == "Enter" {
            event["text"] = json!("\r");
        }
        self.call("Input.dispatchKeyEvent", event.clone());
        event["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", event);
        self.settle();
    }

    /// Clicks the first element that the selector names, at the middle of its first line.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.ask(&format!(
            "(() => {{ const found = document.querySelector({selector:?}); found.scrollIntoView({{ block: 'center' }});
             const box = found.getClientRects()[0]; return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
        self.settle();
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked first, so that its helpers have ended when their folder is removed. The pipe is
        // closed when the last of them has.
        let asked = write!(self.commands, "{}\0", json!({ "id": 0, "method": "Browser.close" }));
        if asked.and_then(|()| self.commands.flush()).is_ok() && !thread::panicking() {
            while self.messages.recv_timeout(PATIENCE).is_ok() {}
        }
        // One that has ended cannot be killed, which is as well.
        drop(self.child.kill());
        drop(self.child.wait());
        let removed = fs::remove_dir_all(&self.folder);
        if !thread::panicking() {
            removed.expect("the browser's folder can be removed");
        }
    }
}
