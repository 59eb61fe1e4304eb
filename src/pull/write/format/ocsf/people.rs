//! People: the one who acted, and the one whose account it was.

use std::borrow::Cow;

use super::common::UNKNOWN;
use super::event::{Text, User};
use super::members::Members;

/// The user whom `members` name under `user_id`, `user_name` and `user_email`.
pub(super) fn take_user<'a>(members: &mut Members<'a>) -> Option<User<'a>> {
    let uid = members.take_text("user_id");
    let name = members.take_text("user_name");
    let email = members.text("user_email").filter(|email| is_email(email));
    if uid.is_none() && name.is_none() && email.is_none() {
        return None;
    }
    let email_addr = email.and_then(|_| members.take_text("user_email"));
    // A user needs an id or a name.
    let name = name.or_else(|| email_addr.clone().filter(|_| uid.is_none()));
    Some(User {
        uid,
        name,
        email_addr,
        ..User::default()
    })
}

/// The member of Verkada's support who acted.
pub(super) fn take_support<'a>(members: &mut Members<'a>) -> Option<User<'a>> {
    Some(User {
        uid: Some(members.take_text("verkada_support_id")?),
        kind: Some("Verkada Support"),
        type_id: Some(99),
        ..User::default()
    })
}

/// Stands for a user whom a class requires and the record does not name.
pub(super) fn unknown_user<'a>() -> User<'a> {
    User {
        name: Some(Cow::Borrowed(UNKNOWN)),
        ..User::default()
    }
}

/// Reports whether `text` is an e-mail address in the form that OCSF 1.5.0 to 1.8.0 demands.
fn is_email(text: &Text<'_>) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric();
    // The schema writes `+-/`, which is a range and so admits the comma.
    let in_name = |letter| is_letter(letter) || "!#$%&'*+,-./=?^_`{|}~".contains(letter);
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    let Some((label, rest)) = host.split_once('.') else {
        return false;
    };
    let parts = [name, label, rest];
    parts.iter().all(|part| !part.is_empty())
        && name.chars().all(in_name)
        && label
            .chars()
            .all(|letter| is_letter(letter) || letter == '-')
        && rest
            .chars()
            .all(|letter| is_letter(letter) || "-.".contains(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_as_the_schema_has_it() {
        for good in ["sam.o'neil@example.com", "a+b@x-1.co.uk", "a,b@c.d"] {
            assert!(is_email(&good.into()), "{good}");
        }
        for bad in [
            "", "@", "a@b", "a@.b", "@b.c", "a@b.", "ä@b.c", "a@b_c.d", "a b@c.d", "a@b@c.d",
        ] {
            assert!(!is_email(&bad.into()), "{bad}");
        }
    }

    #[test]
    fn a_user_always_has_an_id_or_a_name() {
        let of = |json| take_user(&mut Members::of(json));
        let user = of(r#"{"user_email":"a@b.c","user_name":"-"}"#).unwrap();
        assert_eq!(user.name.as_deref(), Some("a@b.c"));
        let user = of(r#"{"user_email":"a@b.c","user_id":"7"}"#).unwrap();
        assert_eq!((user.name, user.uid.as_deref()), (None, Some("7")));
        assert!(of(r#"{"user_email":"unknown user email","user_name":"-"}"#).is_none());
    }
}
