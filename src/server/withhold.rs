//! What a user of some accounts does not see, whatever a command answered: everything that says it is
//! of another account, or of none.

use serde_json::Value;

use crate::config::User;

/// Takes out what is not of the user's accounts; false if nothing is left.
pub(super) fn withhold(user: &User, value: &mut Value) -> bool {
    match value {
        Value::Array(items) => {
            items.retain_mut(|item| withhold(user, item));
            true
        }
        Value::Object(fields) => {
            let account = fields.get("account");
            if account.is_some_and(|one| !one.as_str().is_some_and(|name| user.sees(name))) {
                return false;
            }
            for field in fields.values_mut() {
                if !withhold(user, field) {
                    *field = Value::Null;
                }
            }
            true
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::Role;

    #[test]
    fn what_is_of_another_account_or_of_none_is_taken_out() {
        let user = User {
            name: "anne".to_owned(),
            role: Role::Viewer,
            accounts: Some(vec!["a".to_owned()]),
            token_hash: None,
            password_hash: None,
        };
        let mut value = json!({
            "jobs": [{"account": "a", "by": [{"account": "b"}]}, {"account": "b"}, {"account": null}, 7],
            "due": {"account": "b"},
        });

        assert!(withhold(&user, &mut value));
        assert_eq!(value, json!({"jobs": [{"account": "a", "by": []}, 7], "due": null}));
        assert!(!withhold(&user, &mut json!({"account": "b"})));
    }
}
