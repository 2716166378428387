//! Why a request brought nothing that can be used: what the transport says of it, and what an answer lacks.
//!
//! A failure is logged and stored as its English sentence, in the place where an answer has its `errmsg`.
//! [`Failure::parse`] reads it back, so that people read it in their language. Other words, which an older
//! version or another program wrote, stay as they are.

use std::fmt;

/// Why a request brought nothing that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "arguments are named after what they are; the variants are told of"
)]
pub enum Failure {
    /// One without arguments.
    Plain(Plain),
    /// The host's name has no address.
    HostUnknown { detail: String },
    /// The other side's certificate or its TLS is not accepted.
    Tls { detail: String },
    /// There is no connection for another reason.
    NoConnection { detail: String },
    /// The request failed in another way.
    Broken { detail: String },
    /// The answer began and did not end.
    CutShort { status: u16, detail: String },
    /// The answer is longer than any that is read.
    TooLong { status: u16, most: usize },
    /// The answer has a status other than 2xx.
    Status { status: u16 },
    /// The same for a picture.
    NoPicture { status: u16 },
    /// The body is not JSON.
    NoJson { line: usize, column: usize },
    /// A field is missing, or cannot be read.
    NoField { field: String },
    /// A mass send has a return code and no number.
    NoMsgId { errcode: i64 },
    /// A broadcast has a status that the documents do not name.
    UnknownStatus { status: String },
    /// The platform answered with a return code.
    Answered { errcode: i64, errmsg: String },
    /// A file to upload is not there.
    FileUnreadable { file: String, error: String },
    /// A downloaded picture cannot be kept.
    PictureUnwritten { error: String },
    /// A receiver of messages answered with a status.
    ReceiverStatus { status: u16 },
    /// The same without the code that it should have.
    ReceiverWithoutCode { status: u16 },
    /// A receiver of messages answered with a code of its own.
    ReceiverCode { code: i64, errmsg: String },
    /// A mail server refused.
    MailRefused { detail: String },
    /// A command ended with something else than 0.
    CommandEnded { status: String },
    /// A command cannot be run.
    CommandUnusable { error: String },
    /// A command did not end in its time.
    CommandTooSlow { seconds: u64 },
    /// Words of an older version, or of another program.
    Written { text: String },
}

/// A failure without arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each has its sentence in the table below")]
pub enum Plain {
    NoAnswer,
    NoConnectionInTime,
    ConnectionRefused,
    NoRoute,
    ConnectionClosed,
    StoodStill,
    DaemonEnded,
    TokenRefused,
    NoJsonObject,
    ErrcodeIsNoInteger,
    NoTokenLife,
    OtherBroadcast,
    NoMedium,
    MenuUnclear,
    ButtonUnclear,
    ListsUnclear,
    OtherList,
    TagWithoutId,
    PageMiscounted,
    OpenidUnclear,
    NoFollowers,
    PageRepeats,
    NextOpenidUnclear,
    PictureGone,
    PictureLost,
    TooManyPushes,
    LongAnswer,
}

/// Each failure without arguments, and its sentence.
const PLAIN: &[(Plain, &str)] = &[
    (Plain::NoAnswer, "no answer in time"),
    (Plain::NoConnectionInTime, "no connection in time"),
    (Plain::ConnectionRefused, "the connection was refused"),
    (Plain::NoRoute, "there is no route to the host"),
    (Plain::ConnectionClosed, "the connection was closed before the whole answer came"),
    (Plain::StoodStill, "the process stood still between the decision and the request"),
    (Plain::DaemonEnded, "the daemon was told to end before it left"),
    (Plain::TokenRefused, "the platform refuses the token for this"),
    (Plain::NoJsonObject, "the answer is not a JSON object"),
    (Plain::ErrcodeIsNoInteger, "the answer has an errcode that is no integer"),
    (Plain::NoTokenLife, "the answer does not say how long its token lives"),
    (Plain::OtherBroadcast, "the answer is about another msg_id"),
    (Plain::NoMedium, "the answer is not the content of a medium"),
    (Plain::MenuUnclear, "the answer does not say whether there is a menu"),
    (Plain::ButtonUnclear, "a button of the answer cannot be read"),
    (Plain::ListsUnclear, "the answer has no lists that can be read"),
    (Plain::OtherList, "the answer is not the list that was asked for"),
    (Plain::TagWithoutId, "a tag has no id that can be read"),
    (Plain::PageMiscounted, "a page lists another number of OpenIDs than it says"),
    (Plain::OpenidUnclear, "a page lists an OpenID that cannot be read"),
    (Plain::NoFollowers, "the list of followers is empty, and should not be"),
    (Plain::PageRepeats, "a page is followed by itself"),
    (Plain::NextOpenidUnclear, "a page's next_openid cannot be read"),
    (Plain::PictureGone, "the platform has no picture for the ticket (HTTP 404)"),
    (Plain::PictureLost, "the picture was not written"),
    (Plain::TooManyPushes, "too many pushes wait for it"),
    (Plain::LongAnswer, "an answer of more than 64 KiB"),
];

impl fmt::Display for Failure {
    /// Writes the stored form, which is also that of the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(plain) => f.write_str(plain.sentence()),
            Self::HostUnknown { detail } => {
                write!(f, "the host's name cannot be resolved: {detail}")
            }
            Self::Tls { detail } => write!(f, "TLS failed: {detail}"),
            Self::NoConnection { detail } => write!(f, "no connection: {detail}"),
            Self::Broken { detail } => write!(f, "the request failed: {detail}"),
            Self::CutShort { status, detail } => write!(f, "HTTP {status}, then {detail}"),
            Self::TooLong { status, most } => {
                write!(f, "HTTP {status} with more than {most} bytes")
            }
            Self::Status { status } => write!(f, "HTTP status {status}"),
            Self::NoPicture { status } => write!(f, "HTTP {status} without a picture"),
            Self::NoJson { line, column } => {
                write!(f, "the answer cannot be read as JSON at line {line}, column {column}")
            }
            Self::NoField { field } => write!(f, "the answer has no {field} that can be read"),
            Self::NoMsgId { errcode } => {
                write!(f, "errcode {errcode} without a msg_id that can be read")
            }
            Self::UnknownStatus { status } => write!(f, "unknown status {status}"),
            Self::Answered { errcode, errmsg } => {
                write!(f, "the platform answered {errcode} ({errmsg})")
            }
            Self::FileUnreadable { file, error } => {
                write!(f, "the stored file {file} cannot be read ({error}): submit the job anew")
            }
            Self::PictureUnwritten { error } => {
                write!(f, "the picture cannot be written: {error}")
            }
            Self::ReceiverStatus { status } => write!(f, "it answered HTTP {status}"),
            Self::ReceiverWithoutCode { status } => {
                write!(f, "it answered HTTP {status} without a code")
            }
            Self::ReceiverCode { code, errmsg } => write!(f, "it answered {code} ({errmsg})"),
            Self::MailRefused { detail } => write!(f, "the mail server refused: {detail}"),
            Self::CommandEnded { status } => write!(f, "the command ended with {status}"),
            Self::CommandUnusable { error } => write!(f, "the command cannot be run: {error}"),
            Self::CommandTooSlow { seconds } => {
                write!(f, "the command did not end within {seconds} s")
            }
            Self::Written { text } => f.write_str(text),
        }
    }
}

impl From<Plain> for Failure {
    fn from(plain: Plain) -> Self {
        Self::Plain(plain)
    }
}

impl Plain {
    fn sentence(self) -> &'static str {
        let row = PLAIN.iter().find(|(plain, _)| *plain == self);
        row.map_or("", |(_, sentence)| sentence)
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

impl Failure {
    /// Returns that an answer lacks a field.
    pub fn no_field(field: &str) -> Self {
        Self::NoField { field: field.to_owned() }
    }

    /// Reads the stored form.
    pub fn parse(text: &str) -> Self {
        let plain = PLAIN.iter().find(|(_, sentence)| *sentence == text);
        let plain = plain.map(|(plain, _)| Self::Plain(*plain));
        plain
            .or_else(|| of_transport(text))
            .or_else(|| of_answer(text))
            .or_else(|| of_receiver(text))
            // What reads otherwise than it would be written was written by somebody else.
            .filter(|failure| failure.to_string() == text)
            .unwrap_or_else(|| Self::Written { text: text.to_owned() })
    }
}

fn of_transport(text: &str) -> Option<Failure> {
    let after = |start: &str| text.strip_prefix(start).map(str::to_owned);
    if let Some(detail) = after("the host's name cannot be resolved: ") {
        return Some(Failure::HostUnknown { detail });
    }
    if let Some(detail) = after("TLS failed: ") {
        return Some(Failure::Tls { detail });
    }
    if let Some(detail) = after("no connection: ") {
        return Some(Failure::NoConnection { detail });
    }
    if let Some(detail) = after("the request failed: ") {
        return Some(Failure::Broken { detail });
    }
    if let Some(error) = after("the picture cannot be written: ") {
        return Some(Failure::PictureUnwritten { error });
    }
    if let Some(rest) = text.strip_prefix("the stored file ") {
        let (file, rest) = rest.split_once(" cannot be read (")?;
        let error = rest.strip_suffix("): submit the job anew")?.to_owned();
        return Some(Failure::FileUnreadable { file: file.to_owned(), error });
    }
    let rest = text.strip_prefix("HTTP ")?;
    if let Some(status) = rest.strip_prefix("status ") {
        return Some(Failure::Status { status: status.parse().ok()? });
    }
    if let Some((status, detail)) = rest.split_once(", then ") {
        return Some(Failure::CutShort { status: status.parse().ok()?, detail: detail.to_owned() });
    }
    if let Some(status) = rest.strip_suffix(" without a picture") {
        return Some(Failure::NoPicture { status: status.parse().ok()? });
    }
    let (status, most) = rest.strip_suffix(" bytes")?.split_once(" with more than ")?;
    Some(Failure::TooLong { status: status.parse().ok()?, most: most.parse().ok()? })
}

fn of_answer(text: &str) -> Option<Failure> {
    if let Some(place) = text.strip_prefix("the answer cannot be read as JSON at line ") {
        let (line, column) = place.split_once(", column ")?;
        return Some(Failure::NoJson { line: line.parse().ok()?, column: column.parse().ok()? });
    }
    if let Some(field) = between(text, "the answer has no ", " that can be read") {
        return Some(Failure::NoField { field: field.to_owned() });
    }
    if let Some(errcode) = between(text, "errcode ", " without a msg_id that can be read") {
        return Some(Failure::NoMsgId { errcode: errcode.parse().ok()? });
    }
    if let Some(status) = text.strip_prefix("unknown status ") {
        return Some(Failure::UnknownStatus { status: status.to_owned() });
    }
    let (errcode, errmsg) = between(text, "the platform answered ", ")")?.split_once(" (")?;
    Some(Failure::Answered { errcode: errcode.parse().ok()?, errmsg: errmsg.to_owned() })
}

fn of_receiver(text: &str) -> Option<Failure> {
    if let Some(rest) = text.strip_prefix("it answered HTTP ") {
        return Some(match rest.strip_suffix(" without a code") {
            Some(status) => Failure::ReceiverWithoutCode { status: status.parse().ok()? },
            None => Failure::ReceiverStatus { status: rest.parse().ok()? },
        });
    }
    if let Some((code, errmsg)) =
        between(text, "it answered ", ")").and_then(|rest| rest.split_once(" ("))
    {
        return Some(Failure::ReceiverCode { code: code.parse().ok()?, errmsg: errmsg.to_owned() });
    }
    if let Some(detail) = text.strip_prefix("the mail server refused: ") {
        return Some(Failure::MailRefused { detail: detail.to_owned() });
    }
    if let Some(status) = text.strip_prefix("the command ended with ") {
        return Some(Failure::CommandEnded { status: status.to_owned() });
    }
    if let Some(error) = text.strip_prefix("the command cannot be run: ") {
        return Some(Failure::CommandUnusable { error: error.to_owned() });
    }
    let seconds = between(text, "the command did not end within ", " s")?;
    Some(Failure::CommandTooSlow { seconds: seconds.parse().ok()? })
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix(end)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// One of each.
    pub(crate) fn samples() -> Vec<Failure> {
        let [detail, error, errmsg] = [(); 3].map(|()| "a: b (c)".to_owned());
        let plain = PLAIN.iter().map(|(plain, _)| Failure::Plain(*plain));
        let others = [
            Failure::HostUnknown { detail: detail.clone() },
            Failure::Tls { detail: detail.clone() },
            Failure::NoConnection { detail: detail.clone() },
            Failure::Broken { detail: detail.clone() },
            Failure::CutShort { status: 200, detail: Plain::ConnectionClosed.to_string() },
            Failure::TooLong { status: 200, most: 1_024 },
            Failure::Status { status: 502 },
            Failure::NoPicture { status: 500 },
            Failure::NoJson { line: 1, column: 7 },
            Failure::NoField { field: "media_id".to_owned() },
            Failure::NoMsgId { errcode: 45_065 },
            Failure::UnknownStatus { status: "SENT".to_owned() },
            Failure::Answered { errcode: -1, errmsg: errmsg.clone() },
            Failure::FileUnreadable { file: "ab12".to_owned(), error: error.clone() },
            Failure::PictureUnwritten { error: error.clone() },
            Failure::ReceiverStatus { status: 500 },
            Failure::ReceiverWithoutCode { status: 200 },
            Failure::ReceiverCode { code: 310_000, errmsg },
            Failure::MailRefused { detail },
            Failure::CommandEnded { status: "exit status: 1".to_owned() },
            Failure::CommandUnusable { error },
            Failure::CommandTooSlow { seconds: 30 },
            Failure::Written { text: "something else".to_owned() },
        ];
        plain.chain(others).collect()
    }

    #[test]
    fn what_is_stored_reads_back() {
        for failure in samples() {
            assert_eq!(Failure::parse(&failure.to_string()), failure);
        }
    }

    #[test]
    fn what_an_older_version_wrote_is_kept_as_it_is() {
        for text in [
            "",
            "HTTP 200",
            "HTTP status +200",
            "it answered 007 (x)",
            "error sending request: client error (Connect): tcp connect error",
        ] {
            assert_eq!(Failure::parse(text), Failure::Written { text: text.to_owned() });
        }
    }
}
