//! What becomes of a line: a message for `rmcp`, an answer at once, or nothing.
//!
//! `rmcp` leaves a request without an answer where it cannot read it, and takes parameters of a wrong type for a method
//! that it does not know. So nothing reaches it that it cannot read, and who sent such a request is told
//! (JSON-RPC 2.0, section 5.1).

use std::borrow::Cow;
use std::fmt;

use rmcp::model::{
    CallToolRequestParams, ClientJsonRpcMessage, ClientRequest, InitializeRequestParams,
    JsonRpcMessage, PaginatedRequestParams, RequestId,
};
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::lines::{LINE_BYTES, LINE_VALUES, usable_id};
use super::repeated::{RepeatedKey, repeated_key};
use crate::visible::visible;

/// The text is not JSON.
const PARSE_ERROR: i32 = -32_700;

/// The JSON is not a request.
const INVALID_REQUEST: i32 = -32_600;

/// The request has parameters of a wrong type.
const INVALID_PARAMS: i32 = -32_602;

/// Said of a message that is none.
const ONE_MESSAGE: &str = "send one JSON-RPC 2.0 message a line, in UTF-8";

/// Methods that this server knows; any others are for `rmcp` to refuse.
const METHODS: [&str; 5] = [
    "initialize",
    "ping",
    "server/discover",
    "tools/call",
    "tools/list",
];

/// What becomes of a line.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is a message.
    Pass(Box<ClientJsonRpcMessage>),
    /// It is answered without anybody's help.
    Answer(Answer),
    /// There is nothing to answer: why.
    Drop(String),
    /// A blank line.
    Nothing,
}

/// An error response.
#[derive(Debug)]
pub(super) struct Answer {
    id: Option<Box<RawValue>>,
    code: i32,
    message: String,
}

impl Answer {
    /// To a line of more than [`LINE_BYTES`].
    pub(super) fn too_long(id: Option<Box<RawValue>>) -> Self {
        let message = format!(
            "a line has more than {LINE_BYTES} bytes and was not read; ask for less in one request"
        );
        Self {
            id,
            code: INVALID_REQUEST,
            message,
        }
    }

    /// To a line of more than [`LINE_VALUES`].
    pub(super) fn too_many(id: Option<Box<RawValue>>) -> Self {
        let message = format!(
            "a line has more than {LINE_VALUES} values and was not read; ask for less in one request"
        );
        Self {
            id,
            code: INVALID_REQUEST,
            message,
        }
    }

    /// To a request whose id is the one of another that was not answered yet.
    pub(super) fn id_under_way(id: &RequestId) -> Self {
        Self {
            id: serde_json::value::to_raw_value(id).ok(),
            code: INVALID_REQUEST,
            message:
                "a request with this `id` is still under way; give each request an `id` of its own"
                    .to_owned(),
        }
    }

    /// For the log, which tells nothing of what is in a line.
    pub(super) fn code(&self) -> i32 {
        self.code
    }

    /// The line, with its end.
    pub(super) fn line(&self) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        struct Message<'a> {
            jsonrpc: &'a str,
            id: Option<&'a RawValue>,
            error: Error<'a>,
        }
        #[derive(Serialize)]
        struct Error<'a> {
            code: i32,
            message: &'a str,
        }
        let mut line = serde_json::to_vec(&Message {
            jsonrpc: "2.0",
            id: self.id.as_deref(),
            error: Error {
                code: self.code,
                message: &self.message,
            },
        })?;
        line.push(b'\n');
        Ok(line)
    }
}

/// Judges a line without its end.
pub(super) fn judge(line: &[u8]) -> Verdict {
    // RFC 8259, section 8.1: a byte order mark may be there.
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let text = line.trim_ascii();
    if text.is_empty() {
        return Verdict::Nothing;
    }
    match std::str::from_utf8(text) {
        Ok(text) => judge_text(text),
        Err(error) => {
            // With the bytes replaced that are wrong, the id can still be read.
            let lossy = String::from_utf8_lossy(text);
            let id = serde_json::from_str::<Envelope>(&lossy)
                .ok()
                .and_then(|envelope| envelope.usable_id());
            let column = error.valid_up_to() + 1;
            let message = format!("not UTF-8 at column {column}; {ONE_MESSAGE}");
            answer(id, PARSE_ERROR, message)
        }
    }
}

fn judge_text(text: &str) -> Verdict {
    let not_json = |error: &serde_json::Error| {
        answer(
            None,
            PARSE_ERROR,
            format!("not JSON: {error}; {ONE_MESSAGE}"),
        )
    };
    if !text.starts_with('{') {
        return match serde_json::from_str::<IgnoredAny>(text) {
            Err(error) => not_json(&error),
            Ok(_) if text.starts_with('[') => answer(
                None,
                INVALID_REQUEST,
                format!("batches are not taken; {ONE_MESSAGE}"),
            ),
            Ok(_) => answer(
                None,
                INVALID_REQUEST,
                format!("not an object; {ONE_MESSAGE}"),
            ),
        };
    }
    match serde_json::from_str::<Envelope>(text) {
        Ok(envelope) => envelope.judge(),
        Err(error) => not_json(&error),
    }
}

fn answer(id: Option<Box<RawValue>>, code: i32, message: String) -> Verdict {
    Verdict::Answer(Answer { id, code, message })
}

/// A message, its values unread.
#[derive(Default)]
struct Envelope<'a> {
    jsonrpc: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    result: Option<&'a RawValue>,
    error: Option<&'a RawValue>,
    /// Which of them stands there twice.
    repeated: Option<&'static str>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Envelope<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Envelope<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut envelope = Envelope::default();
                while let Some(key) = map.next_key::<Cow<'_, str>>()? {
                    let (name, member) = match key.as_ref() {
                        "jsonrpc" => ("jsonrpc", &mut envelope.jsonrpc),
                        "id" => ("id", &mut envelope.id),
                        "method" => ("method", &mut envelope.method),
                        "params" => ("params", &mut envelope.params),
                        "result" => ("result", &mut envelope.result),
                        "error" => ("error", &mut envelope.error),
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                            continue;
                        }
                    };
                    if member.replace(map.next_value()?).is_some() {
                        envelope.repeated = Some(name);
                    }
                }
                Ok(envelope)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// What is wrong with a message: code and message of the answer.
type Wrong = (i32, String);

/// Parameters, if there are any, and the pointer of a key in them that stands there twice.
type Params = (Option<Map<String, Value>>, Option<String>);

impl Envelope<'_> {
    fn usable_id(&self) -> Option<Box<RawValue>> {
        let is_clear = self.repeated != Some("id");
        self.id.filter(|_| is_clear).and_then(usable_id)
    }

    fn judge(&self) -> Verdict {
        let is_response = self.result.is_some() || self.error.is_some();
        let is_notification = self.id.is_none()
            && self
                .method
                .is_some_and(|method| method.get().starts_with('"'));
        match self.message() {
            Ok(message) => Verdict::Pass(Box::new(message)),
            // An answer to an answer would go back and forth without end.
            Err((_, why)) if is_notification || (is_response && self.method.is_none()) => {
                Verdict::Drop(why)
            }
            Err((code, why)) => answer(self.usable_id(), code, why),
        }
    }

    fn message(&self) -> Result<ClientJsonRpcMessage, Wrong> {
        let invalid = |why: String| (INVALID_REQUEST, why);
        if let Some(name) = self.repeated {
            return Err(invalid(format!(
                "the message has a key twice: `{name}`; name each once"
            )));
        }
        if read::<String>(self.jsonrpc).as_deref() != Some("2.0") {
            return Err(invalid(format!(
                "not JSON-RPC 2.0: `jsonrpc` must be \"2.0\"; {ONE_MESSAGE}"
            )));
        }
        let mut message = Map::new();
        message.insert("jsonrpc".to_owned(), "2.0".into());
        if let Some(id) = self.id {
            let id = read::<RequestId>(Some(id))
                .ok_or_else(|| invalid("`id` must be a string or an integer".to_owned()))?;
            message.insert("id".to_owned(), id.into_json_value());
        }
        if self.method.is_none() {
            return self.response(message);
        }
        if self.result.is_some() || self.error.is_some() {
            return Err(invalid(
                "a message with `method` has neither `result` nor `error`".to_owned(),
            ));
        }
        let method: String = read(self.method)
            .ok_or_else(|| invalid("`method` must be a string, the name of a method".to_owned()))?;
        let (params, repeated) = self.params(&method)?;
        // `rmcp` would take a wrong one for none.
        if method == "tools/list"
            && let Some(params) = &params
            && error_of::<PaginatedRequestParams>(params.clone().into()).is_some()
        {
            return Err(wrong_params(&method, Some(params.clone().into())));
        }
        message.insert("method".to_owned(), method.clone().into());
        if let Some(params) = params {
            message.insert("params".to_owned(), params.into());
        }
        let mut message = parsed(message)?;
        if let JsonRpcMessage::Request(request) = &mut message {
            match &mut request.request {
                ClientRequest::CustomRequest(custom) if METHODS.contains(&&*method) => {
                    return Err(wrong_params(&method, custom.params.take()));
                }
                ClientRequest::CallToolRequest(call) => {
                    if let Some(pointer) = repeated {
                        call.extensions.insert(RepeatedKey(pointer));
                    }
                }
                _ => {}
            }
        }
        Ok(message)
    }

    /// The answer to a request of this server.
    fn response(&self, mut message: Map<String, Value>) -> Result<ClientJsonRpcMessage, Wrong> {
        for (name, member) in [("result", self.result), ("error", self.error)] {
            if let Some(member) = member {
                let value = read(Some(member))
                    .ok_or_else(|| (INVALID_REQUEST, format!("`{name}` cannot be read")))?;
                message.insert(name.to_owned(), value);
            }
        }
        if self.result.is_none() && self.error.is_none() {
            return Err((
                INVALID_REQUEST,
                format!("neither request nor response: there is no `method`; {ONE_MESSAGE}"),
            ));
        }
        parsed(message)
    }

    /// The parameters. A repeated key is told by the call of a tool itself; elsewhere it is wrong here.
    fn params(&self, method: &str) -> Result<Params, Wrong> {
        let invalid = |why: String| (INVALID_PARAMS, why);
        let Some(params) = self.params else {
            return Ok((None, None));
        };
        let value: Value = serde_json::from_str(params.get()).map_err(|error| {
            invalid(format!(
                "`params` cannot be read: {error}; text must be Unicode, numbers finite, and nesting moderate"
            ))
        })?;
        let mut params_read = match value {
            Value::Null => return Ok((None, None)),
            Value::Object(params) => params,
            _ => return Err(invalid("`params` must be an object".to_owned())),
        };
        match params_read.get("_meta") {
            None | Some(Value::Object(_)) => {}
            Some(Value::Null) => {
                params_read.shift_remove("_meta");
            }
            Some(_) => return Err(invalid("`_meta` in `params` must be an object".to_owned())),
        }
        let is_call = method == "tools/call";
        if is_call {
            if !params_read.get("name").is_some_and(Value::is_string) {
                return Err(invalid(
                    "`name` in `params` must be a string, the name of a tool".to_owned(),
                ));
            }
            if !matches!(
                params_read.get("arguments"),
                None | Some(Value::Null | Value::Object(_))
            ) {
                return Err(invalid(
                    "`arguments` in `params` must be an object, the arguments by their names"
                        .to_owned(),
                ));
            }
        }
        match repeated_key(params.get().as_bytes()) {
            Some(pointer) if !is_call => Err(invalid(format!(
                "`params` have a key twice: `{}`; name each once",
                visible(&pointer, 200)
            ))),
            repeated => Ok((Some(params_read), repeated)),
        }
    }
}

fn read<T: DeserializeOwned>(value: Option<&RawValue>) -> Option<T> {
    serde_json::from_str(value?.get()).ok()
}

fn parsed(message: Map<String, Value>) -> Result<ClientJsonRpcMessage, Wrong> {
    serde_json::from_value(Value::Object(message)).map_err(|_| {
        (
            INVALID_REQUEST,
            "not a message of MCP; the protocol's schema says what is in one".to_owned(),
        )
    })
}

/// What is wrong with the parameters of a method that is known.
fn wrong_params(method: &str, params: Option<Value>) -> Wrong {
    let params = params.unwrap_or_else(|| Value::Object(Map::new()));
    let error = match method {
        "initialize" => error_of::<InitializeRequestParams>(params),
        "tools/call" => error_of::<CallToolRequestParams>(params),
        "tools/list" => error_of::<PaginatedRequestParams>(params),
        _ => None,
    };
    let reason = error.map_or_else(String::new, |error| {
        format!(": {}", visible(&error.to_string(), 200))
    });
    (
        INVALID_PARAMS,
        format!("`params` are not those of `{method}`{reason}"),
    )
}

fn error_of<T: DeserializeOwned>(params: Value) -> Option<serde_json::Error> {
    serde_json::from_value::<T>(params).err()
}
