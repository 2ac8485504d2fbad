// Domains at which anybody may have an e-mail address: they tell nothing about whom a contact works for.

export const FREE_MAIL_DOMAINS: ReadonlySet<string> = new Set(
  `
  126.com 139.com 163.com 189.cn aim.com alice.it aliyun.com aol.com aol.de arcor.de att.net bell.net bellsouth.net
  bigpond.com bluewin.ch bol.com.br bt.com btinternet.com centrum.cz charter.net comcast.net cox.net daum.net duck.com
  earthlink.net email.com email.cz email.de fastmail.com fastmail.fm foxmail.com free.fr freenet.de frontier.com
  gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.fr gmx.net googlemail.com hanmail.net hey.com home.nl hotmail.ca
  hotmail.co.uk hotmail.com hotmail.com.br hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.nl hushmail.com
  icloud.com inbox.com inbox.lv inbox.ru iinet.net.au juno.com kpnmail.nl laposte.net libero.it list.ru live.ca
  live.co.uk live.com live.com.au live.com.mx live.de live.fr live.it live.nl lycos.com mac.com magenta.de mail.com
  mail.de mail.ru mailbox.org me.com msn.com naver.com neuf.fr ntlworld.com o2.co.uk o2.pl o2online.de online.de
  onet.pl optonline.net optusnet.com.au orange.fr outlook.at outlook.com outlook.de outlook.es outlook.fr outlook.it
  pm.me posteo.de posteo.net posta.ro protonmail.ch protonmail.com proton.me qq.com rambler.ru rediffmail.com
  rocketmail.com rogers.com runbox.com sapo.pt sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com skynet.be sky.com
  sohu.com swissonline.ch sympatico.ca t-online.de talktalk.net telenet.be telus.net terra.com.br tiscali.it
  tutanota.com tutanota.de tuta.com tuta.io uol.com.br ukr.net verizon.net virgilio.it virginmedia.com volny.cz
  wanadoo.fr web.de windstream.net wp.pl xs4all.nl xtra.co.nz ya.ru yahoo.ca yahoo.co.id yahoo.co.in yahoo.co.jp
  yahoo.co.uk yahoo.com yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.mx yahoo.de yahoo.es yahoo.fr yahoo.in
  yahoo.it yandex.com yandex.ru yeah.net ymail.com ziggo.nl zoho.com zohomail.com zonnet.nl
  `
    .trim()
    .split(/\s+/),
);
