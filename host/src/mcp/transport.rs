//! Messages over a pair of streams, a line each (MCP 2026-07-28, "Transports", "stdio"). Every line out is a message;
//! every line in that is none is answered here ([`verdict`](super::verdict)).

use std::collections::HashSet;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, JsonRpcMessage, RequestId,
    ServerJsonRpcMessage,
};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Sleep, sleep};

use super::lines::{Line, Lines};
use super::verdict::{Answer, Verdict, judge};
use crate::sandbox::resident;

/// Lines that wait for a slow client. Beyond them, nothing more is read of it.
const WAITING_LINES: usize = 64;

/// How long after a client has said something the memory is given back that it took: not more often, and not while
/// anything is under way for it.
const TRIM_AFTER: Duration = Duration::from_millis(250);

/// The transport of one client.
pub(super) struct Transport<R> {
    lines: Lines<R>,
    /// None once it is closed.
    out: Option<mpsc::Sender<Vec<u8>>>,
    /// A line that is still to be handed to `out`.
    answer: Option<Vec<u8>>,
    /// Requests that `rmcp` has and did not answer.
    under_way: HashSet<RequestId>,
    is_initialized: bool,
    /// When memory is given back next; none where nothing was said since the last time.
    trim: Option<Pin<Box<Sleep>>>,
}

/// What writes; ends when the transport is gone and everything is written, or the client reads no more.
pub(super) type Written = JoinHandle<io::Result<()>>;

impl<R: AsyncRead + Unpin> Transport<R> {
    pub(super) fn new(
        reader: R,
        writer: impl AsyncWrite + Unpin + Send + 'static,
    ) -> (Self, Written) {
        let (out, lines) = mpsc::channel(WAITING_LINES);
        let transport = Self {
            lines: Lines::new(reader),
            out: Some(out),
            answer: None,
            under_way: HashSet::new(),
            is_initialized: false,
            trim: None,
        };
        (transport, tokio::spawn(write(writer, lines)))
    }

    fn answer(&mut self, answer: &Answer) {
        tracing::debug!(code = answer.code(), "a line was no message");
        match answer.line() {
            Ok(line) => self.answer = Some(line),
            Err(error) => tracing::error!("an answer cannot be written: {error}"),
        }
    }

    /// Gives the message to `rmcp`, unless it would be left without an answer, or end the conversation.
    fn admit(&mut self, message: ClientJsonRpcMessage) -> Option<ClientJsonRpcMessage> {
        if let JsonRpcMessage::Request(request) = &message {
            if !self.under_way.insert(request.id.clone()) {
                self.answer(&Answer::id_under_way(&request.id));
                return None;
            }
            self.is_initialized |= matches!(request.request, ClientRequest::InitializeRequest(_));
            return Some(message);
        }
        // Before the first request that begins a conversation `rmcp` takes anything else for its end. It reads on while
        // a request is under way only when the conversation has begun.
        if !self.is_initialized && self.under_way.is_empty() {
            tracing::debug!("a notification or response before any request is left alone");
            return None;
        }
        if let JsonRpcMessage::Notification(notification) = &message
            && let ClientNotification::CancelledNotification(cancelled) = &notification.notification
            && let Some(id) = &cancelled.params.request_id
        {
            // It will not be answered.
            self.under_way.remove(id);
        }
        Some(message)
    }
}

impl<R: AsyncRead + Unpin + Send> rmcp::transport::Transport<RoleServer> for Transport<R> {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        match &message {
            JsonRpcMessage::Response(response) => {
                self.under_way.remove(&response.id);
            }
            JsonRpcMessage::Error(error) => {
                if let Some(id) = &error.id {
                    self.under_way.remove(id);
                }
            }
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => {}
        }
        let out = self.out.clone();
        async move {
            let mut line = serde_json::to_vec(&message)?;
            line.push(b'\n');
            let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
            let out = out.ok_or_else(gone)?;
            out.send(line).await.map_err(|_| gone())
        }
    }

    /// A wait that is given up loses nothing: what was read is in `self` before the next wait begins.
    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            // A client that does not read what it is told is not told more.
            let place = self.out.as_ref()?.reserve().await.ok()?;
            if let Some(answer) = self.answer.take() {
                place.send(answer);
                continue;
            }
            drop(place);
            let next = loop {
                let due = self.trim.as_mut().filter(|_| self.under_way.is_empty());
                let Some(due) = due else {
                    break self.lines.next().await;
                };
                tokio::select! {
                    biased;
                    next = self.lines.next() => break next,
                    () = due => {
                        self.trim = None;
                        resident::trim();
                    }
                }
            };
            if self.trim.is_none() {
                self.trim = Some(Box::pin(sleep(TRIM_AFTER)));
            }
            let verdict = match next {
                Ok(Some(Line::Whole(line))) => judge(line),
                Ok(Some(Line::TooLong(id))) => Verdict::Answer(Answer::too_long(id)),
                Ok(Some(Line::TooMany(id))) => Verdict::Answer(Answer::too_many(id)),
                Ok(None) => return None,
                Err(error) => {
                    tracing::error!("the client cannot be read: {error}");
                    return None;
                }
            };
            match verdict {
                Verdict::Pass(message) => {
                    if let Some(message) = self.admit(*message) {
                        return Some(message);
                    }
                }
                Verdict::Answer(answer) => self.answer(&answer),
                Verdict::Drop(why) => tracing::debug!("a line is left alone: {why}"),
                Verdict::Nothing => {}
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.out = None;
        Ok(())
    }
}

async fn write(
    mut out: impl AsyncWrite + Unpin,
    mut lines: mpsc::Receiver<Vec<u8>>,
) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        out.write_all(&line).await?;
        out.flush().await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;
    use rmcp::{ServerHandler, ServiceExt};
    use serde_json::{Value, json};
    use tokio::io::AsyncReadExt;

    use super::*;

    /// A server that can do what every server can.
    struct Plain;

    impl ServerHandler for Plain {}

    /// What is said to a client that sends this and leaves.
    #[tokio::main(flavor = "current_thread")]
    async fn said(input: Vec<u8>) -> String {
        // So little room that no line is written in one piece.
        let (mut client, server) = tokio::io::duplex(13);
        let (transport, written) = Transport::new(io::Cursor::new(input), server);
        let serve = async {
            if let Ok(running) = Plain.serve(transport).await {
                running.waiting().await.unwrap();
            }
            written.await.unwrap().unwrap();
        };
        let mut text = String::new();
        let ((), read) = tokio::join!(serve, client.read_to_string(&mut text));
        read.unwrap();
        text
    }

    fn messages(text: &str) -> Vec<Value> {
        assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
        let messages: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        for message in &messages {
            assert_eq!(message["jsonrpc"], "2.0", "{message}");
            assert!(
                message.get("result").is_some() != message.get("error").is_some(),
                "{message}"
            );
        }
        messages
    }

    const INITIALIZE: &str = r#"{"jsonrpc":"2.0","id":"begin","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"0"}}}"#;

    #[test]
    fn an_id_that_is_under_way_is_not_taken_twice() {
        let ping = r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#;
        let again = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let answers = messages(&said(format!("{INITIALIZE}\n{ping}\n{again}").into()));
        assert_eq!(answers.len(), 3, "{answers:?}");
        assert!(
            answers
                .iter()
                .any(|answer| answer["id"] == 1 && answer["error"]["code"] == -32_600),
            "{answers:?}"
        );
        assert!(
            answers
                .iter()
                .any(|answer| answer["id"] == 1 && answer.get("result").is_some()),
            "{answers:?}"
        );
    }

    #[test]
    fn what_comes_before_the_beginning_does_not_end_it() {
        let before = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":5,"result":{}}
{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":"m"}}
{"jsonrpc":"2.0","id":6,"method":"ping"}
{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":6}}"#;
        let answers = messages(&said(format!("{before}\n{INITIALIZE}\n").into()));
        let ids: Vec<&Value> = answers.iter().map(|answer| &answer["id"]).collect();
        assert_eq!(ids, [&json!(6), &json!("begin")]);
    }

    /// A value where another is due.
    fn odd() -> BoxedStrategy<Value> {
        prop_oneof![
            Just(Value::Null),
            Just(json!([])),
            Just(json!({})),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,6}".prop_map(Value::from),
        ]
        .boxed()
    }

    /// Something like a message; its id is a string that no other has, if it is usable at all.
    fn message(number: usize) -> BoxedStrategy<Vec<u8>> {
        let or = |usual: Value| {
            prop_oneof![4 => Just(Some(usual)), 1 => odd().prop_map(Some), 1 => Just(None)].boxed()
        };
        let method = prop_oneof![
            Just("ping"),
            Just("initialize"),
            Just("tools/list"),
            Just("tools/call"),
            Just("server/discover"),
            Just("notifications/initialized"),
            Just("dance"),
        ];
        let modern = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let params = (
            or(json!("tool")),
            or(json!({})),
            or(modern),
            or(json!("2025-11-25")),
            or(json!({ "name": "t", "version": "0" })),
        )
            .prop_map(|(name, arguments, meta, version, client)| {
                let members = [
                    ("name", name),
                    ("arguments", arguments),
                    ("_meta", meta),
                    ("protocolVersion", version),
                    ("clientInfo", client),
                    ("capabilities", Some(json!({}))),
                ];
                object(members)
            });
        let members = (
            or(json!("2.0")),
            prop_oneof![
                4 => Just(Some(json!(format!("id {number}")))),
                1 => prop_oneof![Just(json!(null)), Just(json!([])), Just(json!({})), Just(json!(true))].prop_map(Some),
                1 => Just(None)
            ],
            method
                .prop_flat_map(move |method| or(json!(method)))
                .boxed(),
            params.prop_flat_map(or).boxed(),
            prop_oneof![9 => Just(None), 1 => odd().prop_map(Some)],
        );
        let damage = prop_oneof![
            5 => Just(None),
            1 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(Some)
        ];
        (members, damage)
            .prop_map(|((jsonrpc, id, method, params, result), damage)| {
                let members = [
                    ("jsonrpc", jsonrpc),
                    ("id", id),
                    ("method", method),
                    ("params", params),
                    ("result", result),
                ];
                let mut line = object(members).to_string().into_bytes();
                if let Some((index, byte)) = damage {
                    let index = index.index(line.len());
                    if let Some(place) = line.get_mut(index) {
                        *place = byte;
                    }
                }
                line
            })
            .boxed()
    }

    fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
        members
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }

    /// The id of a request that wants an answer.
    fn asks(line: &[u8]) -> Option<Value> {
        let message: Value = serde_json::from_slice(line).ok()?;
        let id = message.get("id")?;
        let is_response = message.get("method").is_none()
            && (message.get("result").is_some() || message.get("error").is_some());
        (!is_response && (id.is_string() || id.is_number())).then(|| id.clone())
    }

    fn input() -> impl Strategy<Value = Vec<Vec<u8>>> {
        proptest::collection::vec(any::<prop::sample::Index>(), 0..12).prop_flat_map(|lines| {
            let lines: Vec<_> = (0..lines.len())
                .map(|number| {
                    prop_oneof![
                        1 => proptest::collection::vec(any::<u8>(), 0..40),
                        6 => message(number),
                        1 => Just(INITIALIZE.replace("begin", &format!("begin {number}")).into_bytes()),
                    ]
                })
                .collect();
            lines
        })
    }

    proptest! {
        #[test]
        fn whatever_comes_in_messages_go_out_and_each_request_has_one_answer(lines in input()) {
            let text = said(lines.join(&b'\n'));
            let answers = messages(&text);
            for line in lines.iter().flat_map(|line| line.split(|&byte| byte == b'\n')) {
                if let Some(id) = asks(line) {
                    let count = answers.iter().filter(|answer| answer["id"] == id).count();
                    prop_assert_eq!(count, 1, "{}\n{}", String::from_utf8_lossy(line), text);
                }
            }
        }
    }
}
