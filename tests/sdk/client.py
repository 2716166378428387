"""wechatpy and WeRoBot against the sandbox: what is made is read back, and gone once removed."""

import io
import os
import warnings

import requests

warnings.simplefilter("ignore")
BASE = os.environ["QUNFA_SANDBOX"]
PNG = b"\x89PNG\r\n\x1a\nrest"
MENU = {"button": [{"type": "view", "name": "v", "url": "https://a.example"}]}


def check(library, what, holds):
    if not holds:
        raise SystemExit(f"{library}: {what}: FAILED")
    print(f"{library}: {what}")


def elsewhere(url):
    for host in ("https://api.weixin.qq.com", "https://mp.weixin.qq.com"):
        url = url.replace(host, BASE)
    return url


original = requests.Session.request
requests.Session.request = lambda self, method, url, **options: original(
    self, method, elsewhere(url), **options
)


def picture():
    file = io.BytesIO(PNG)
    file.name = "a.png"
    return file


def with_wechatpy():
    from wechatpy import WeChatClient
    from wechatpy.exceptions import WeChatClientException

    name = "wechatpy"
    client = WeChatClient("wxsdk", "secret")
    client.menu.create(MENU)
    check(name, "menu.get", client.menu.get()["menu"]["button"][0]["name"] == "v")
    check(name, "menu.get_menu_info", client.menu.get_menu_info()["is_menu_open"] == 1)
    client.menu.delete()
    try:
        gone = client.menu.get() is None
    except WeChatClientException as error:
        gone = error.errcode == 46003
    check(name, "menu.delete", gone)

    followers = list(client.user.iter_followers())
    check(name, "user.iter_followers", len(followers) == 50)
    check(name, "user.get", client.user.get(followers[0])["subscribe"] == 1)
    check(name, "user.get_batch", len(client.user.get_batch(followers[:3])) == 3)
    tag = client.tag.create("py")["id"]
    client.tag.update(tag, "python")
    client.tag.tag_user(tag, followers[:2])
    client.tag.untag_user(tag, followers[:1])
    check(name, "tag.tag_user", client.tag.get_tag_users(tag)["count"] == 1)
    check(name, "tag.get_user_tag", tag in client.tag.get_user_tag(followers[1]))
    client.tag.delete(tag)
    check(name, "tag.delete", all(one["id"] != tag for one in client.tag.get()))

    media = client.media.upload("image", picture())["media_id"]
    check(name, "media.download", client.media.download(media).content == PNG)
    kept = client.material.add("image", picture())["media_id"]
    check(name, "material.get_count", client.material.get_count()["image_count"] == 1)
    listed = client.material.batchget("image")["item"]
    check(name, "material.batchget", listed[0]["media_id"] == kept)
    client.material.delete(kept)
    check(name, "material.delete", client.material.get_count()["image_count"] == 0)

    code = client.qrcode.create(
        {"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}}
    )
    shown = client.qrcode.show(code)
    check(name, "qrcode.show", shown.content.startswith(b"\xff\xd8\xff"))
    check(name, "misc.get_wechat_ips", client.misc.get_wechat_ips() == ["127.0.0.1"])
    sent = client.message.send_mass_text(followers[:2], "hello")
    check(name, "message.get_mass", client.message.get_mass(sent["msg_id"])["msg_status"])


def with_werobot():
    from werobot.client import Client, ClientException

    name = "WeRoBot"
    client = Client({"APP_ID": "wxsdk", "APP_SECRET": "secret"})
    client.create_menu(MENU)
    check(name, "get_menu", client.get_menu()["menu"]["button"][0]["name"] == "v")
    check(name, "get_custom_menu_config", client.get_custom_menu_config()["is_menu_open"] == 1)
    client.delete_menu()
    try:
        client.get_menu()
        gone = False
    except ClientException as error:
        gone = "46003" in str(error)
    check(name, "delete_menu", gone)
    follower = client.get_followers()["data"]["openid"][0]
    check(name, "get_user_info", client.get_user_info(follower)["subscribe"] == 1)
    check(name, "get_ip_list", client.get_ip_list()["ip_list"] == ["127.0.0.1"])
    media = client.upload_media("image", picture())["media_id"]
    check(name, "download_media", client.download_media(media).content == PNG)
    check(name, "get_media_count", client.get_media_count()["image_count"] == 0)
    check(name, "get_media_list", client.get_media_list("image", 0, 20)["total_count"] == 0)
    tag = client.create_tag("bot")["tag"]["id"]
    client.tag_users(tag, [follower])
    check(name, "get_users_by_tag", client.get_users_by_tag(tag)["count"] == 1)
    client.untag_users(tag, [follower])
    client.delete_tag(tag)
    check(name, "delete_tag", all(one["id"] != tag for one in client.get_tags()["tags"]))
    ticket = client.create_qrcode(
        {"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 8}}}
    )["ticket"]
    check(name, "show_qrcode", client.show_qrcode(ticket).content.startswith(b"\xff\xd8\xff"))


with_wechatpy()
with_werobot()
