// wechat-api, co-wechat-api and node-easywechat against the sandbox: what is made is read back,
// and gone once removed.
'use strict';
const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const { promisify } = require('util');

const base = process.env.QUNFA_SANDBOX;
const menu = { button: [{ type: 'view', name: 'v', url: 'https://a.example' }] };
const png = Buffer.concat([Buffer.from([0x89]), Buffer.from('PNG\r\n\x1a\nrest')]);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'qunfa-sdk-'));
const file = path.join(folder, 'a.png');
fs.writeFileSync(file, png);

function check(library, what, holds) {
  assert(holds, `${library}: ${what}: FAILED`);
  console.log(`${library}: ${what}`);
}

// Both libraries have the same calls; the older one's end in a callback.
async function drive(name, api) {
  await api.createMenu(menu);
  check(name, 'getMenu', (await api.getMenu()).menu.button[0].name === 'v');
  check(name, 'getMenuConfig', (await api.getMenuConfig()).is_menu_open === 1);
  await api.removeMenu();
  const gone = await api.getMenu().then(() => false, (error) => error.code === 46003);
  check(name, 'removeMenu', gone);
  const followers = (await api.getFollowers()).data.openid;
  check(name, 'getUser', (await api.getUser(followers[0])).subscribe === 1);
  const users = await api.batchGetUsers(followers.slice(0, 2));
  check(name, 'batchGetUsers', users.user_info_list.length === 2);
  const media = (await api.uploadMedia(file, 'image')).media_id;
  check(name, 'getMedia', png.equals(await api.getMedia(media)));
  const kept = (await api.uploadMaterial(file, 'image')).media_id;
  check(name, 'getMaterial', png.equals(await api.getMaterial(kept)));
  check(name, 'getMaterials', (await api.getMaterials('image', 0, 20)).total_count === 1);
  await api.removeMaterial(kept);
  check(name, 'getMaterialCount', (await api.getMaterialCount()).image_count === 0);
  check(name, 'getIp', (await api.getIp()).ip_list.length === 1);
}

async function tags(name, api) {
  const followers = (await api.getFollowers()).data.openid;
  const tag = (await api.createTags('js')).tag.id;
  await api.updateTag(tag, 'node');
  await api.batchTagging(followers.slice(0, 2), tag);
  await api.batchUnTagging(followers.slice(0, 1), tag);
  check(name, 'getUsersFromTag', (await api.getUsersFromTag(tag)).count === 1);
  check(name, 'getIdList', (await api.getIdList(followers[1])).tagid_list.includes(tag));
  await api.deleteTag(tag);
  check(name, 'deleteTag', (await api.getTags()).tags.every((one) => one.id !== tag));
}

function withPromises(api) {
  return new Proxy(api, {
    get: (target, call) => promisify((...args) => {
      const done = args.pop();
      target[call](...args, (error, data) => done(error, data));
    }),
  });
}

async function withEasywechat() {
  const { OfficialAccount } = require('node-easywechat');
  const name = 'node-easywechat';
  // It keeps tokens in a file by their secret: an older run's would be tried first.
  const app = new OfficialAccount({
    app_id: 'wxsdk', secret: `secret-${Date.now()}`, use_stable_access_token: true,
    http: { baseURL: `${base}/` },
  });
  const client = app.getClient();
  const get = async (where, params) => (await client.get(where, { params })).toObject();
  const post = async (where, json) => (await client.postJson(where, json)).toObject();
  await post('cgi-bin/menu/create', menu);
  check(name, 'menu/get', (await get('cgi-bin/menu/get')).menu.button[0].name === 'v');
  check(name, 'menu/delete', (await get('cgi-bin/menu/delete')).errcode === 0);
  const cover = 'a-cover-that-was-not-uploaded-here';
  const article = { title: '春', content: '<p>好</p>', thumb_media_id: cover };
  const draft = (await post('cgi-bin/draft/add', { articles: [article] })).media_id;
  check(name, 'draft/count', (await get('cgi-bin/draft/count')).total_count === 1);
  const changed = { media_id: draft, index: 0, articles: { ...article, title: '夏' } };
  check(name, 'draft/update', (await post('cgi-bin/draft/update', changed)).errcode === 0);
  const read = await post('cgi-bin/draft/get', { media_id: draft });
  check(name, 'draft/get', read.news_item[0].title === '夏');
  const listed = await post('cgi-bin/draft/batchget', { offset: 0, count: 20, no_content: 1 });
  check(name, 'draft/batchget', listed.item[0].media_id === draft);
  await post('cgi-bin/draft/delete', { media_id: draft });
  check(name, 'draft/delete', (await get('cgi-bin/draft/count')).total_count === 0);
}

async function main() {
  const CoApi = require('co-wechat-api');
  const co = new CoApi('wxsdk', 'secret');
  co.prefix = `${base}/cgi-bin/`;
  co.fileServerPrefix = `${base}/cgi-bin/`;
  await drive('co-wechat-api', co);
  await tags('co-wechat-api', co);
  const OldApi = require('wechat-api');
  const old = new OldApi('wxsdk', 'secret');
  old.endpoint = base;
  old.setOpts({ timeout: 15000 });
  await drive('wechat-api', withPromises(old));
  await withEasywechat();
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
}).finally(() => fs.rmSync(folder, { recursive: true }));
