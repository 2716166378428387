//! The catalogues of sentences: each language has every message with the same arguments, the code uses
//! each of them, and none is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fluent_syntax::ast;
use proc_macro2::{TokenStream, TokenTree};

type Messages = BTreeMap<String, BTreeSet<String>>;

/// Messages whose names are put together where they are used: those of the return codes by their
/// number, and the kinds of alerts. Each of these has a test beside the code that uses it. The help of
/// commands has its English text in the code, and a test of its own.
const PUT_TOGETHER: &[&str] = &["code-", "alert-kind-"];
const HELP: &str = "help";

/// Which arguments of a message are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    /// All.
    Message,
    /// Those that stand in its text, and do not only choose between the forms of a word.
    Text,
}

fn catalogue(lang: &str, of: Of) -> Messages {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/l10n/{lang}.ftl"));
    let text = std::fs::read_to_string(path).unwrap();
    let resource = fluent_syntax::parser::parse(text)
        .unwrap_or_else(|(_, errors)| panic!("{lang}: {errors:#?}"));
    let mut messages = Messages::new();
    for entry in resource.body {
        if let ast::Entry::Message(message) = entry {
            let mut variables = BTreeSet::new();
            let pattern = message.value.unwrap_or_else(|| panic!("{} is empty", message.id.name));
            variables_of(&pattern, of, &mut variables);
            let earlier = messages.insert(message.id.name.clone(), variables);
            assert!(earlier.is_none(), "{lang} has {} twice", message.id.name);
        }
    }
    messages
}

fn variables_of(pattern: &ast::Pattern<String>, of: Of, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let ast::PatternElement::Placeable { expression } = element {
            of_expression(expression, of, found);
        }
    }
}

fn of_expression(expression: &ast::Expression<String>, of: Of, found: &mut BTreeSet<String>) {
    match expression {
        ast::Expression::Inline(inline) => of_inline(inline, of, found),
        ast::Expression::Select { selector, variants } => {
            if of == Of::Message {
                of_inline(selector, of, found);
            }
            variants.iter().for_each(|variant| variables_of(&variant.value, of, found));
        }
    }
}

fn of_inline(inline: &ast::InlineExpression<String>, of: Of, found: &mut BTreeSet<String>) {
    match inline {
        ast::InlineExpression::VariableReference { id } => {
            found.insert(id.name.clone());
        }
        ast::InlineExpression::Placeable { expression } => of_expression(expression, of, found),
        ast::InlineExpression::StringLiteral { .. }
        | ast::InlineExpression::NumberLiteral { .. } => {}
        ast::InlineExpression::FunctionReference { .. }
        | ast::InlineExpression::MessageReference { .. }
        | ast::InlineExpression::TermReference { .. } => {
            panic!("a message stands alone, without functions, terms and other messages")
        }
    }
}

/// One use of a message: its name and the names of its arguments.
type Use = (String, BTreeSet<String>);

/// Returns each `t!(…)` of a file.
fn uses(tokens: TokenStream, found: &mut Vec<Use>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let called = at.checked_sub(2).is_some_and(|name| {
            matches!(&tokens[name], TokenTree::Ident(ident) if ident == "t")
                && matches!(&tokens[at - 1], TokenTree::Punct(mark) if mark.as_char() == '!')
        });
        if called {
            found.extend(one_use(group.stream()));
        }
        uses(group.stream(), found);
    }
}

fn one_use(inside: TokenStream) -> Option<Use> {
    let tokens: Vec<_> = inside.into_iter().collect();
    let TokenTree::Literal(id) = tokens.first()? else { return None };
    let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
    let arguments = tokens[1..].split(comma).filter_map(|argument| match argument {
        [TokenTree::Ident(name), TokenTree::Punct(mark), ..] if mark.as_char() == '=' => {
            Some(name.to_string())
        }
        _ => None,
    });
    Some((id.to_string().trim_matches('"').to_owned(), arguments.collect()))
}

/// Returns each `t!(…)` of a template.
fn uses_of_template(text: &str, found: &mut Vec<Use>) {
    for (at, start) in text.match_indices("t!(") {
        let rest = &text[at + start.len() - 1..];
        let ends = rest.match_indices(')').map(|(end, _)| &rest[..=end]);
        // The first end at which all brackets are closed.
        let mut tokens = ends.filter_map(|call| call.parse::<TokenStream>().ok());
        if let Some(TokenTree::Group(call)) = tokens.next().and_then(|one| one.into_iter().next()) {
            found.extend(one_use(call.stream()));
        }
    }
}

fn all_uses() -> Vec<(PathBuf, Use)> {
    let mut found = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src"), root.join("templates")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("l10n.rs")
            {
                let text = std::fs::read_to_string(&path).unwrap();
                let mut of_file = Vec::new();
                uses(text.parse().unwrap(), &mut of_file);
                found.extend(of_file.into_iter().map(|one| (path.clone(), one)));
            } else if path.extension().is_some_and(|extension| extension == "html") {
                let mut of_file = Vec::new();
                uses_of_template(&std::fs::read_to_string(&path).unwrap(), &mut of_file);
                found.extend(of_file.into_iter().map(|one| (path.clone(), one)));
            }
        }
    }
    found
}

#[test]
fn both_languages_have_every_message_with_the_same_arguments() {
    let (mut english, mut chinese) =
        (catalogue("en", Of::Message), catalogue("zh-CN", Of::Message));
    let in_text = catalogue("en", Of::Text);
    english.retain(|id, _| !id.starts_with(HELP));
    chinese.retain(|id, _| !id.starts_with(HELP));

    let only = |a: &Messages, b: &Messages| -> Vec<String> {
        a.keys().filter(|id| !b.contains_key(*id)).cloned().collect()
    };
    let (not_chinese, not_english) = (only(&english, &chinese), only(&chinese, &english));
    assert!(not_chinese.is_empty(), "Chinese lacks {not_chinese:#?}");
    assert!(not_english.is_empty(), "English lacks {not_english:#?}");
    for (id, arguments) in &english {
        let (told, given) = (&chinese[id], &in_text[id]);
        assert!(told.is_subset(arguments), "Chinese has more arguments of {id}: {told:?}");
        // Chinese has one form of each word, so it does not need what only chooses between them.
        assert!(told.is_superset(given), "Chinese lacks arguments of {id}: it has {told:?}");
    }
}

#[test]
fn each_use_names_a_message_and_gives_the_arguments_that_it_has() {
    let english = catalogue("en", Of::Message);
    for (path, (id, given)) in all_uses() {
        let file = path.display();
        let needed = english.get(&id).unwrap_or_else(|| panic!("{file}: no message {id}"));
        assert_eq!(&given, needed, "{file}: the arguments of {id}");
    }
}

#[test]
fn no_message_is_without_a_use() {
    let used: BTreeSet<String> = all_uses().into_iter().map(|(_, (id, _))| id).collect();

    let idle: Vec<_> = catalogue("en", Of::Message)
        .into_keys()
        .filter(|id| !PUT_TOGETHER.iter().any(|start| id.starts_with(start)) && !used.contains(id))
        .collect();
    assert!(idle.is_empty(), "{idle:#?}");
}
