//! A real browser, driven by the DevTools protocol over a pipe (`--remote-debugging-pipe`): messages are JSON, each ended
//! by a zero byte, so that neither a port nor a crate is needed.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// Chromium reads messages from descriptor 3 and writes to 4; both are ours, as its input and output.
const START: &str = r#"exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>&2"#;

/// A browser with one page.
pub(crate) struct Browser {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    sent: u64,
    /// What the page complained of: errors on the console, exceptions, failed or attempted requests.
    pub(crate) complaints: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// A browser, or why there is none.
    pub(crate) fn start() -> Result<Self, String> {
        let program = std::env::var_os("CHROMIUM").unwrap_or_else(|| OsString::from("chromium"));
        let profile = tempfile::tempdir().map_err(|error| error.to_string())?;
        let version = Command::new(&program).arg("--version").stderr(Stdio::null()).output();
        version.map_err(|error| format!("{}: {error}", program.display()))?;
        let mut process = Command::new("sh")
            .args(["-c", START])
            .arg(&program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--hide-scrollbars",
            ])
            .arg("--remote-debugging-pipe")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("sh: {error}"))?;
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut browser =
            Self { process, input, output, session: None, sent: 0, complaints: Vec::new(), _profile: profile };
        browser.attach()?;
        Ok(browser)
    }

    fn attach(&mut self) -> Result<(), String> {
        let target = self.try_send("Target.createTarget", json!({"url": "about:blank"}))?;
        let session =
            self.try_send("Target.attachToTarget", json!({"targetId": target["targetId"], "flatten": true}))?;
        self.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.try_send(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(())
    }

    /// Opens a file and waits until it is loaded.
    pub(crate) fn open(&mut self, page: &Path) {
        self.complaints.clear();
        self.send("Page.navigate", json!({"url": format!("file://{}", page.display())}));
        self.until("document.readyState === 'complete' && location.protocol === 'file:'");
        // A second look at the same file is the same document if only the part behind # differs.
        self.send("Page.reload", json!({}));
        self.until("document.readyState === 'complete' && document.querySelector('h1') !== null");
    }

    /// Waits until an expression holds.
    pub(crate) fn until(&mut self, condition: &str) {
        for _ in 0..2000 {
            if self.evaluate(condition) == json!(true) {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("never: {condition}; {:?}", self.complaints);
    }

    /// The value of an expression in the page.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let result = self
            .send("Runtime.evaluate", json!({"expression": expression, "returnByValue": true, "awaitPromise": true}));
        if let Some(error) = result.get("exceptionDetails") {
            self.complaints.push(format!("{expression}: {error}"));
        }
        result["result"]["value"].clone()
    }

    /// Presses and lets go a key, as a person would.
    pub(crate) fn press(&mut self, key: &str) {
        let text = if key.chars().count() == 1 { key } else { "" };
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "Home" => 36,
            "End" => 35,
            "Tab" => 9,
            _ => 0,
        };
        let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        self.send(
            "Input.dispatchKeyEvent",
            json!({"type": down, "key": key, "text": text, "windowsVirtualKeyCode": code}),
        );
        self.send("Input.dispatchKeyEvent", json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}));
    }

    /// Types a text.
    pub(crate) fn write(&mut self, text: &str) {
        self.send("Input.insertText", json!({"text": text}));
    }

    /// Sets what the system prefers, and the medium: `screen` or `print`.
    pub(crate) fn prefer(&mut self, scheme: &str, medium: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.send("Emulation.setEmulatedMedia", json!({"media": medium, "features": features}));
    }

    /// Sets the size of the window.
    pub(crate) fn resize(&mut self, width: u32, height: u32) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.send("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// The page on paper, base64 PDF.
    pub(crate) fn print(&mut self) -> String {
        let paper = json!({"printBackground": true, "preferCSSPageSize": true});
        self.send("Page.printToPDF", paper)["data"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn send(&mut self, method: &str, parameters: Value) -> Value {
        self.try_send(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_send(&mut self, method: &str, parameters: Value) -> Result<Value, String> {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let message = format!("{message}\0");
        self.input.write_all(message.as_bytes()).map_err(|error| format!("the browser is gone: {error}"))?;
        loop {
            let mut answer = self.receive()?;
            if answer["id"] == json!(self.sent) {
                return match answer.get("error") {
                    Some(error) => Err(error.to_string()),
                    None => Ok(answer["result"].take()),
                };
            }
            self.notice(&answer);
        }
    }

    fn receive(&mut self) -> Result<Value, String> {
        let mut bytes = Vec::new();
        self.output.read_until(0, &mut bytes).map_err(|error| error.to_string())?;
        if bytes.pop() != Some(0) {
            return Err("the browser ended".to_owned());
        }
        serde_json::from_slice(&bytes).map_err(|error| error.to_string())
    }

    fn notice(&mut self, event: &Value) {
        let parameters = &event["params"];
        let complaint = match event["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => Some(parameters["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" => Some(parameters.to_string()),
            "Log.entryAdded" => Some(parameters["entry"].to_string()),
            // A page is one file: whatever else it asks for is wrong.
            "Network.requestWillBeSent" => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                (!url.starts_with("file:") && !url.starts_with("data:")).then(|| format!("requests {url}"))
            }
            _ => None,
        };
        self.complaints.extend(complaint);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.try_send("Browser.close", json!({}));
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
