//! Which part of the source uses which: what the paths of every file name, as a graph.
//!
//! An edge leads from a file to the file that *defines* what a path in it names. To declare, import
//! or re-export a name uses nothing by itself, so a path through a re-export leads on to the file
//! behind it. Paths count wherever they stand: in types, bodies, macros and serde's strings, after
//! `crate::`, `self::`, `super::` or an imported name.
//!
//! A file with modules of its own holds two things: what they stand on, and what stands on them. So
//! there are two graphs. In that of the files, a file and the modules in it are no circle. In that
//! of the items, each item of such a file is a node, together with the `impl`s there of the type
//! that it is: a module may use an item that does not lead back to it.
//!
//! Tests do not count. A call of a method does not either: no path says which file it is in.
#![expect(clippy::wildcard_enum_match_arm, reason = "most kinds of items and tokens do not matter")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, Type, UseTree};

/// The names of the modules around something, and its own.
pub(super) type Names = Vec<String>;

/// Which nodes each node uses.
pub(super) type Edges = BTreeMap<String, BTreeSet<String>>;

/// A file by its module's path, and an item in it.
type Place<'a> = (&'a [String], Option<&'a str>);

/// Says by its attributes whether an item is left out.
type LeftOut = fn(&[Attribute]) -> bool;

/// What one item uses by name.
struct Use {
    /// The item's name; none where it has none.
    item: Option<String>,
    /// The path as it is written, seen from the crate's root.
    path: Names,
}

#[derive(Default)]
struct File {
    defined: BTreeSet<String>,
    modules: BTreeSet<String>,
    /// The names that it imports, and what they stand for.
    imported: BTreeMap<String, Names>,
    uses: Vec<Use>,
    /// The first names of paths that lead to no module of this crate: mostly crates and types.
    outside: BTreeSet<String>,
    /// Its modules that only tests have.
    tests: BTreeSet<String>,
    /// Whether it imports names that it does not write.
    has_glob: bool,
    has_modules: bool,
}

/// All files of the crate, by their module's path.
pub(super) struct Source {
    files: BTreeMap<Names, File>,
}

impl Source {
    /// Reads every file below `src`, and leaves out what only tests have.
    pub(super) fn read(src: &Path) -> Self {
        Self::read_as(src, is_test)
    }

    /// Reads every file below `src`, tests as well.
    pub(super) fn read_with_tests(src: &Path) -> Self {
        Self::read_as(src, |_| false)
    }

    /// Reads files that are given: the path of each one's module, and its text.
    pub(super) fn of(files: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let named = |module: &str| module.split("::").map(str::to_owned).collect();
        Self::parse(files.into_iter().map(|(module, text)| (named(module), text)), is_test)
    }

    fn read_as(src: &Path, is_left_out: LeftOut) -> Self {
        let mut texts = Vec::new();
        let mut folders = vec![(src.to_owned(), Names::new())];
        while let Some((folder, module)) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let module = child(&module, path.file_stem().unwrap().to_str().unwrap());
                if path.is_dir() {
                    folders.push((path, module));
                } else if path.extension().is_some_and(|extension| extension == "rs")
                    && module != ["lib"]
                {
                    texts.push((module, std::fs::read_to_string(&path).unwrap()));
                }
            }
        }
        Self::parse(texts.into_iter(), is_left_out)
    }

    fn parse(texts: impl Iterator<Item = (Names, String)>, is_left_out: LeftOut) -> Self {
        let read = |(module, text): (Names, String)| {
            let file = File::read(&text, &module, is_left_out);
            (module, file)
        };
        let mut files: BTreeMap<Names, File> = texts.map(read).collect();
        let tests: Vec<Names> = files
            .iter()
            .flat_map(|(module, file)| file.tests.iter().map(|name| child(module, name)))
            .collect();
        files.retain(|module, _| !tests.iter().any(|test| module.starts_with(test)));
        let parents: Vec<Names> =
            files.keys().map(|module| module[..module.len() - 1].to_vec()).collect();
        for parent in parents {
            if let Some(file) = files.get_mut(&parent) {
                file.has_modules = true;
            }
        }
        Self { files }
    }

    /// Returns the files that name a crate.
    pub(super) fn files_naming(&self, krate: &str) -> impl Iterator<Item = String> {
        let naming = self.files.iter().filter(move |(_, file)| file.outside.contains(krate));
        naming.map(|(module, _)| module.join("::"))
    }

    /// Returns each file with the modules of the crate that it names.
    pub(super) fn modules_named(&self) -> impl Iterator<Item = (&Names, BTreeSet<&str>)> {
        self.files.iter().map(|(module, file)| {
            let named = file.uses.iter().filter_map(|used| self.definition(&used.path, 0));
            let named = named.filter_map(|(of, _)| self.files.get_key_value(&of[..1]));
            (module, named.map(|(of, _)| of[0].as_str()).collect())
        })
    }

    /// Returns which files each file uses, but for those that it lies in or that lie in it.
    pub(super) fn edges(&self) -> Edges {
        let of_kin = |from: &[String], to: &[String]| from.starts_with(to) || to.starts_with(from);
        self.edges_between(|from, to| {
            (!of_kin(from.0, to.0)).then(|| (from.0.join("::"), to.0.join("::")))
        })
    }

    /// Returns which files each file uses, where a file with modules counts item by item.
    pub(super) fn edges_of_items(&self) -> Edges {
        self.edges_between(|from, to| Some((self.node(from), self.node(to))))
    }

    fn edges_between(
        &self,
        nodes: impl Fn(Place<'_>, Place<'_>) -> Option<(String, String)>,
    ) -> Edges {
        let mut edges = Edges::new();
        for (module, file) in &self.files {
            assert!(!file.has_glob, "{module:?} imports `*`: nobody can tell what it uses");
            for used in &file.uses {
                let Some((to, item)) = self.definition(&used.path, 0) else { continue };
                let from = (module.as_slice(), used.item.as_deref());
                match nodes(from, (&to, item.as_deref())) {
                    Some((from, to)) if from != to => {
                        edges.entry(from).or_default().insert(to);
                    }
                    Some(_) | None => {}
                }
            }
        }
        edges
    }

    fn node(&self, (module, item): Place<'_>) -> String {
        let file = module.join("::");
        match item {
            Some(item) if self.files[module].has_modules => format!("{file}::{item}"),
            Some(_) | None => file,
        }
    }

    /// Returns the file that a node lies in.
    pub(super) fn file_of<'n>(&self, node: &'n str) -> &'n str {
        let names: Names = node.split("::").map(str::to_owned).collect();
        match node.rsplit_once("::") {
            Some((file, _)) if !self.files.contains_key(&names) => file,
            Some(_) | None => node,
        }
    }

    /// Finds the file that defines what a path names, and the item there; none where no file of
    /// this crate does.
    fn definition(&self, path: &[String], depth: u8) -> Option<(Names, Option<String>)> {
        assert!(depth < 20, "{path:?} leads nowhere");
        let length = (1..=path.len()).rev().find(|n| self.files.contains_key(&path[..*n]))?;
        let (module, rest) = path.split_at(length);
        let file = &self.files[module];
        let Some(item) = rest.first() else { return Some((module.to_vec(), None)) };
        match file.imported.get(item) {
            Some(from) if !file.defined.contains(item) => {
                let full: Names = from.iter().chain(&rest[1..]).cloned().collect();
                self.definition(&full, depth + 1)
            }
            Some(_) | None => Some((module.to_vec(), Some(item.clone()))),
        }
    }
}

fn child(module: &[String], name: &str) -> Names {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute.to_token_stream().to_string().replace(' ', "");
        text == "#[cfg(test)]" || text == "#[test]"
    })
}

impl File {
    fn read(text: &str, module: &[String], is_left_out: LeftOut) -> Self {
        let mut file = Self::default();
        let parsed = syn::parse_file(text).unwrap();
        let items: Vec<&Item> =
            parsed.items.iter().filter(|item| !file.leaves_out(item, is_left_out)).collect();
        // Names first: an item may use what is defined or imported below it.
        let modules = items.iter().filter_map(|item| match item {
            Item::Mod(item) => Some(item.ident.to_string()),
            _ => None,
        });
        file.modules.extend(modules);
        for item in &items {
            if let Item::Use(item) = item {
                file.import(&item.tree, module, &Names::new());
            } else if let Some(name) = name(item) {
                file.defined.insert(name);
            }
        }
        for item in items {
            match item {
                Item::Use(item) => {
                    // A trait's name is imported for its methods, which no path names.
                    let is_trait = item.to_token_stream().to_string().contains("as _");
                    if is_trait {
                        file.walk(item.to_token_stream(), module, None);
                    }
                }
                Item::Mod(inner) if inner.content.is_none() => {}
                Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let (_, items) = inner.content.as_ref().unwrap();
                    for item in items.iter().filter(|item| !is_left_out(attributes(item))) {
                        file.walk(item.to_token_stream(), &child(module, &name), Some(&name));
                    }
                }
                item => {
                    let name = name(item).or_else(|| implemented(item));
                    file.walk(item.to_token_stream(), module, name.as_deref());
                }
            }
        }
        file
    }

    fn leaves_out(&mut self, item: &Item, is_left_out: LeftOut) -> bool {
        let is_left_out = is_left_out(attributes(item));
        if let (true, Item::Mod(module)) = (is_left_out, item) {
            self.tests.insert(module.ident.to_string());
        }
        is_left_out
    }

    fn import(&mut self, tree: &UseTree, module: &[String], before: &[String]) {
        let (name, path) = match tree {
            UseTree::Path(tree) => {
                let path = child(before, &tree.ident.to_string());
                return self.import(&tree.tree, module, &path);
            }
            UseTree::Group(tree) => {
                return tree.items.iter().for_each(|tree| self.import(tree, module, before));
            }
            UseTree::Glob(_) => {
                self.has_glob = true;
                return self.note(before.to_vec(), (module, None));
            }
            UseTree::Rename(tree) => (tree.rename.to_string(), tree.ident.to_string()),
            UseTree::Name(tree) if tree.ident == "self" => {
                (before.last().unwrap().clone(), "self".to_owned())
            }
            UseTree::Name(tree) => (tree.ident.to_string(), tree.ident.to_string()),
        };
        let mut path = child(before, &path);
        if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let path = match from_root(&path, module) {
            Some(path) => path,
            None if self.modules.contains(&path[0]) => module.iter().cloned().chain(path).collect(),
            None => {
                self.outside.insert(path[0].clone());
                path
            }
        };
        self.imported.insert(name, path);
    }

    /// Notes every path in the tokens.
    fn walk(&mut self, tokens: TokenStream, module: &[String], item: Option<&str>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(_) => at = self.path(&tokens, at, (module, item), &Names::new()),
                TokenTree::Group(group) => {
                    self.walk(group.stream(), module, item);
                    at += 1;
                }
                // serde's attributes name functions in strings.
                TokenTree::Literal(literal) if at > 0 && is_mark(&tokens, at - 1, '=') => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                        && let Ok(path) = text.parse_with(syn::Path::parse_mod_style)
                    {
                        let path = path.segments.iter().map(|name| name.ident.to_string());
                        self.note(path.collect(), (module, item));
                    }
                    at += 1;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
            }
        }
    }

    /// Notes the path that begins at `at`, behind `before`, and returns where it ends.
    fn path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        of: (&[String], Option<&str>),
        before: &[String],
    ) -> usize {
        let is = |at, mark| is_mark(tokens, at, mark);
        let is_field = at > 0 && is(at - 1, '.') && !(at > 1 && is(at - 2, '.'));
        let before_it = at.checked_sub(1).map(|at| &tokens[at]);
        let is_defined = matches!(before_it, Some(TokenTree::Ident(ident)) if ident == "fn");
        let mut path = before.to_vec();
        while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
            path.push(ident.to_string());
            at += 1;
            if !(is(at, ':') && is(at + 1, ':')) {
                break;
            }
            at += 2;
            if let Some(TokenTree::Group(group)) = tokens.get(at)
                && group.delimiter() == Delimiter::Brace
            {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                let mut next = 0;
                while next < inner.len() {
                    next = match &inner[next] {
                        TokenTree::Ident(_) => self.path(&inner, next, of, &path),
                        _ => next + 1,
                    };
                }
                return at + 1;
            }
        }
        if !is_field && !is_defined {
            self.note(path, of);
        }
        at
    }

    fn note(&mut self, path: Names, (module, item): (&[String], Option<&str>)) {
        if path.iter().all(|name| matches!(name.as_str(), "crate" | "self" | "super")) {
            // `pub(super)` and its like.
            return;
        }
        let path = match from_root(&path, module) {
            Some(path) => path,
            None => match self.imported.get(&path[0]) {
                Some(from) => from.iter().chain(&path[1..]).cloned().collect(),
                // A module's name alone is another thing's, such as a field's.
                None if self.defined.contains(&path[0])
                    || (self.modules.contains(&path[0]) && path.len() > 1) =>
                {
                    module.iter().chain(&path).cloned().collect()
                }
                None => {
                    if let [first, _, ..] = path.as_slice() {
                        self.outside.insert(first.clone());
                    }
                    return;
                }
            },
        };
        self.uses.push(Use { item: item.map(str::to_owned), path });
    }
}

fn is_mark(tokens: &[TokenTree], at: usize, mark: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

/// Returns a path from the crate's root; none where its first name says nothing of where it begins.
fn from_root(path: &[String], module: &[String]) -> Option<Names> {
    let mut base = match path[0].as_str() {
        "crate" => Names::new(),
        "self" | "super" => module.to_vec(),
        _ => return None,
    };
    let supers = path.iter().take_while(|name| *name == "super").count();
    base.truncate(base.len() - supers);
    base.extend(path[supers.max(1)..].iter().cloned());
    Some(base)
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// Returns the type that an `impl` is of.
fn implemented(item: &Item) -> Option<String> {
    let Item::Impl(item) = item else { return None };
    let mut of = item.self_ty.as_ref();
    while let Type::Reference(reference) = of {
        of = &reference.elem;
    }
    let Type::Path(of) = of else { return None };
    Some(of.path.segments.last()?.ident.to_string())
}

/// Returns each circle: nodes of which each uses each, if only by way of others.
pub(super) fn circles(edges: &Edges) -> Vec<BTreeSet<&str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = edges
        .keys()
        .map(|from| {
            let mut reached = BTreeSet::new();
            let mut next = vec![from.as_str()];
            while let Some(node) = next.pop() {
                for to in edges.get(node).into_iter().flatten() {
                    if reached.insert(to.as_str()) {
                        next.push(to);
                    }
                }
            }
            (from.as_str(), reached)
        })
        .collect();
    let circle = |from: &str| -> BTreeSet<&str> {
        let back = |to: &&str| reach.get(to).is_some_and(|reached| reached.contains(from));
        reach[from].iter().copied().filter(back).collect()
    };
    let found: BTreeSet<BTreeSet<&str>> = reach.keys().map(|from| circle(from)).collect();
    found.into_iter().filter(|circle| circle.len() > 1).collect()
}
