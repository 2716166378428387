//! What the platform pushes to a third-party platform itself: tickets, and changes of authorizations.

use secrecy::SecretString;

use super::document::XmlDocument;
use super::{BODY_MAX, ParseError};

/// A push about a component.
#[derive(Clone, Debug)]
pub enum ComponentEvent {
    /// A ticket, by which the component gets its token.
    Ticket {
        /// The ticket.
        ticket: SecretString,
        /// The platform's time, in Unix seconds.
        create_time: i64,
    },
    /// An account authorised the component, or changed what it granted.
    Granted {
        /// The account's appid.
        appid: String,
        /// What the account's refresh token is given for.
        code: SecretString,
        /// The platform's time, in Unix seconds.
        create_time: i64,
    },
    /// An account ended its authorization.
    Unauthorized {
        /// The account's appid.
        appid: String,
        /// The platform's time, in Unix seconds.
        create_time: i64,
    },
    /// Anything else, by its type.
    Other(String),
}

/// Parses the decrypted text of a push about a component.
///
/// # Errors
/// If it is malformed, or lacks a field of its type.
pub fn parse_component(body: &[u8]) -> Result<ComponentEvent, ParseError> {
    if body.len() > BODY_MAX {
        return Err(ParseError::TooLong);
    }
    let tree = XmlDocument::parse(body)?;
    let text = |name| Ok(tree.text(name)?.ok_or(ParseError::Field(name))?.to_owned());
    let create_time =
        || tree.number("CreateTime").and_then(|time| time.ok_or(ParseError::Field("CreateTime")));
    let kind: String = text("InfoType")?;
    Ok(match kind.as_str() {
        "component_verify_ticket" => ComponentEvent::Ticket {
            ticket: text("ComponentVerifyTicket")?.into(),
            create_time: create_time()?,
        },
        "authorized" | "updateauthorized" => ComponentEvent::Granted {
            appid: text("AuthorizerAppid")?,
            code: text("AuthorizationCode")?.into(),
            create_time: create_time()?,
        },
        "unauthorized" => ComponentEvent::Unauthorized {
            appid: text("AuthorizerAppid")?,
            create_time: create_time()?,
        },
        _ => ComponentEvent::Other(kind),
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn xml(fields: &str) -> Vec<u8> {
        format!("<xml><AppId>wxc</AppId><CreateTime>1413192605</CreateTime>{fields}</xml>").into()
    }

    #[test]
    fn the_samples_of_the_documents_are_read() {
        let ticket = xml("<InfoType>component_verify_ticket</InfoType>\
             <ComponentVerifyTicket>some_verify_ticket</ComponentVerifyTicket>");
        let Ok(ComponentEvent::Ticket { ticket, create_time }) = parse_component(&ticket) else {
            panic!("no ticket")
        };
        assert_eq!((ticket.expose_secret(), create_time), ("some_verify_ticket", 1_413_192_605));

        for kind in ["authorized", "updateauthorized"] {
            let granted = xml(&format!(
                "<InfoType>{kind}</InfoType><AuthorizerAppid>wx1</AuthorizerAppid>\
                 <AuthorizationCode>code</AuthorizationCode>\
                 <AuthorizationCodeExpiredTime>600</AuthorizationCodeExpiredTime>\
                 <PreAuthCode>pre</PreAuthCode>"
            ));
            let Ok(ComponentEvent::Granted { appid, code, .. }) = parse_component(&granted) else {
                panic!("no authorization")
            };
            assert_eq!((appid.as_str(), code.expose_secret()), ("wx1", "code"));
        }

        let ended = xml("<InfoType>unauthorized</InfoType><AuthorizerAppid>wx1</AuthorizerAppid>");
        assert!(matches!(parse_component(&ended), Ok(ComponentEvent::Unauthorized { .. })));
    }

    #[test]
    fn an_unknown_type_needs_nothing_and_a_known_one_all_its_fields() {
        let other = xml("<InfoType>notify_third_fasteregister</InfoType>");
        assert!(matches!(parse_component(&other), Ok(ComponentEvent::Other(_))));
        for fields in [
            "",
            "<InfoType>component_verify_ticket</InfoType>",
            "<InfoType>authorized</InfoType><AuthorizerAppid>wx1</AuthorizerAppid>",
            "<InfoType>unauthorized</InfoType>",
        ] {
            let read = parse_component(&xml(fields));
            assert!(matches!(read, Err(ParseError::Field(_))), "{fields}: {read:?}");
        }
    }

    #[test]
    fn no_secret_is_printed() {
        let ticket = xml("<InfoType>component_verify_ticket</InfoType>\
             <ComponentVerifyTicket>CANARY</ComponentVerifyTicket>");

        assert!(!format!("{:?}", parse_component(&ticket)).contains("CANARY"));
    }
}
