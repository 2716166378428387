//! Third-party platforms: pushes to them and about their accounts, and the pages of authorizations.

use super::sealed::{key, safe, safely_served, sealed, xml};
use super::*;
use crate::wechat::callback::crypto::tests::seal;

const TICKET: &str = "<xml><AppId>wx1</AppId><CreateTime>1413192605</CreateTime>\
    <InfoType>component_verify_ticket</InfoType>\
    <ComponentVerifyTicket>t</ComponentVerifyTicket></xml>";

impl Served {
    async fn push_to(&self, path: &str, nonce: &str, text: &str) -> u16 {
        let encrypt = seal(&key("b"), "wx1", text);
        self.ask(&post(path, &sealed(nonce, &encrypt), &xml(&encrypt))).await.0
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let (status, _, body) = self.ask(&request).await;
        (status, body)
    }
}

#[tokio::test]
async fn a_ticket_is_stored_before_it_is_answered() {
    let served = safely_served().await;
    assert_eq!(served.push_to("/component/agency/events", "1", TICKET).await, 200);
    let event = served.fake.pushes.lock().unwrap().remove(0);
    assert!(
        matches!(event, ComponentEvent::Ticket { create_time: 1_413_192_605, .. }),
        "{event:?}"
    );

    let failing = served_with(PATIENT, Store::Fails, safe()).await;
    assert_eq!(failing.push_to("/component/agency/events", "1", TICKET).await, 500);
}

#[tokio::test]
async fn only_the_platform_can_push_to_a_component() {
    let served = safely_served().await;
    let stolen = seal(&key("b"), "wx1", TICKET);
    let query = sealed("1", &seal(&key("b"), "wx1", "<xml></xml>"));

    let forged = post("/component/agency/events", &query, &xml(&stolen));
    assert_eq!(served.ask(&forged).await.0, 403);
    let plain = post("/component/agency/events", "timestamp=1&nonce=1&signature=0", TICKET);
    assert_eq!(served.ask(&plain).await.0, 403);
    assert_eq!(served.push_to("/component/other/events", "1", TICKET).await, 404);
    assert_eq!(served.push_to("/component/agency/events", "2", "<xml></xml>").await, 500);
    assert!(served.fake.pushes.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_push_about_an_account_reaches_it_by_its_appid() {
    let served = safely_served().await;

    assert_eq!(served.push_to("/component/agency/callback/wx1", "1", EVENT).await, 200);
    let (account, event) = served.fake.stored.lock().unwrap().remove(0);
    assert_eq!((account.as_str(), event.credence), ("brand-daily", Credence::Proof));

    // It authorised the component, and is not in the config.
    assert_eq!(served.push_to("/component/agency/callback/wx2", "2", EVENT).await, 200);
    assert_eq!(served.fake.stored(), 0);
}

#[tokio::test]
async fn a_browser_lands_only_with_the_key_of_a_link() {
    let served = safely_served().await;
    let landing = format!("/component/agency/authorized/{KEY}?auth_code=code&expires_in=600");

    assert_eq!(served.get(&landing).await, (200, "code".to_owned()));
    let start = format!("/component/agency/authorize/{KEY}");
    assert_eq!(served.get(&start).await, (200, "before".to_owned()));
    let other = KEY.replace('0', "1");
    for (path, status) in [
        (format!("/component/agency/authorized/{other}?auth_code=code"), 404),
        ("/component/agency/authorized/short?auth_code=code".to_owned(), 404),
        (format!("/component/agency/authorized/{KEY}"), 400),
        (format!("/component/agency/authorized/{KEY}?auth_code="), 400),
        (format!("/component/agency/authorize/{other}"), 404),
    ] {
        assert_eq!(served.get(&path).await.0, status, "{path}");
    }
}
