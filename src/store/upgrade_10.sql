-- From version 9 to 10.

-- The third-party platforms (第三方平台) of the config. The tokens here and in the two tables below are
-- secrets: `backup` leaves them out of its copy, and nothing shows them.
CREATE TABLE component (
    appid          TEXT PRIMARY KEY,
    -- The newest component_verify_ticket; null if none came yet, or the platform refused it.
    ticket         TEXT,
    -- The platform's time of that push: an older push that comes late changes nothing.
    ticket_at      INTEGER,
    -- The component's access token, and when it was given and ends.
    token          TEXT,
    token_at       INTEGER CHECK ((token_at IS NULL) = (token IS NULL)),
    token_until_at INTEGER CHECK ((token_until_at IS NULL) = (token IS NULL)),
    CHECK (ticket IS NULL OR ticket_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

-- The accounts that authorised a component, or ended that, also those that the config does not contain.
CREATE TABLE authorizer (
    component     TEXT NOT NULL REFERENCES component (appid),
    appid         TEXT NOT NULL,
    -- `sought`: whether it is authorised, and by which refresh token, must be asked of the platform.
    state         TEXT NOT NULL CHECK (state IN ('sought', 'authorized', 'unauthorized')),
    since_at      INTEGER NOT NULL,
    -- The platform's time of the newest event about it: an older one that comes late changes nothing.
    event_at      INTEGER,
    refresh_token TEXT,
    -- The refresh token that the platform refused last; it is not used again.
    refused_token TEXT,
    -- The ids of the permission sets that it granted, as JSON; null until they are read.
    func_info     TEXT,
    -- No request is made for it without a refresh token.
    CHECK ((state = 'authorized') = (refresh_token IS NOT NULL)),
    PRIMARY KEY (component, appid)
) STRICT, WITHOUT ROWID;

-- Authorization codes that are to be redeemed.
CREATE TABLE authorization_code (
    component   TEXT NOT NULL REFERENCES component (appid),
    code        TEXT NOT NULL,
    -- The account, if the push says so; the address that a browser lands on does not.
    appid       TEXT,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (component, code)
) STRICT, WITHOUT ROWID;

-- Links by which an administrator authorises a component.
CREATE TABLE authorization_link (
    -- A digest of the pre-authorization code: only a browser that comes from this link knows it.
    key       TEXT PRIMARY KEY,
    component TEXT NOT NULL REFERENCES component (appid),
    appid     TEXT NOT NULL,
    -- The platform's page that it leads to.
    target    TEXT NOT NULL,
    until_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
