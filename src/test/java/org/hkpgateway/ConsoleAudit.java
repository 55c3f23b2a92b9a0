package org.hkpgateway;

/**
 * Looks for what keeps people from using a page: what tools such as axe look for first.
 */
final class ConsoleAudit {

	/**
	 * Returns one sentence for each fault: a control without a name, a heading that skips
	 * a level, more than one top heading or main landmark, an id that occurs twice, a
	 * label or description that leads nowhere, a part that scrolls and cannot be reached
	 * with the keyboard, a target smaller than 24 pixels, text with too little contrast.
	 */
	static final String SCRIPT = """
			const faults = [];
			const seen = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== 'hidden'
				&& e.getBoundingClientRect().right > 0;
			const what = (e) => `${e.localName}${e.id ? '#' + e.id : ''} "${(e.textContent || '').trim().slice(0, 40)}"`;
			const all = [...document.body.querySelectorAll('*')].filter(seen);
			for (const e of all.filter((e) => e.matches('button, input, select, textarea, a, [tabindex="0"]'))) {
				const labels = [...(e.labels ?? [])].map((label) => label.textContent).join('');
				const by = (e.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join('');
				const own = e.matches('button, a') ? e.textContent : '';
				if (!(e.getAttribute('aria-label') || by || labels || own).trim()) {
					faults.push(`no name: ${what(e)}`);
				}
				const box = e.getBoundingClientRect();
				if (box.height < 24 || box.width < 24) {
					faults.push(`smaller than 24 pixels: ${what(e)}`);
				}
			}
			let level = 0;
			for (const e of all.filter((e) => /^h[1-6]$/.test(e.localName))) {
				const now = Number(e.localName[1]);
				if (now > level + 1) {
					faults.push(`skips a level: ${what(e)}`);
				}
				level = now;
			}
			for (const [selector, most] of [['h1', 1], ['main', 1], ['header', 1]]) {
				if (document.querySelectorAll(selector).length !== most) {
					faults.push(`expected: one ${selector}`);
				}
			}
			const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
			ids.filter((id, at) => ids.indexOf(id) !== at).forEach((id) => faults.push(`twice: #${id}`));
			for (const name of ['aria-labelledby', 'aria-describedby']) {
				document.querySelectorAll(`[${name}]`).forEach((e) => {
					if (!document.getElementById(e.getAttribute(name))) {
						faults.push(`${name} leads nowhere: ${what(e)}`);
					}
				});
			}
			for (const e of all) {
				const style = getComputedStyle(e);
				const scrolls = /auto|scroll/.test(style.overflowY) && e.scrollHeight > e.clientHeight + 1;
				if (scrolls && e.tabIndex < 0) {
					faults.push(`scrolls, and not with the keyboard: ${what(e)}`);
				}
			}
			const light = (rgb) => {
				const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
				return 0.2126 * r + 0.7152 * g + 0.0722 * b;
			};
			const colour = (text) => text.match(/[\\d.]+/g).map(Number);
			for (const e of all) {
				const texts = [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
				if (!texts || e.localName === 'option') {
					continue;
				}
				let ground = e;
				while (ground && colour(getComputedStyle(ground).backgroundColor)[3] === 0) {
					ground = ground.parentElement;
				}
				const [a, b] = [light(colour(getComputedStyle(e).color).slice(0, 3)),
					light(colour(getComputedStyle(ground ?? document.body).backgroundColor).slice(0, 3))];
				const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
				if (contrast < 4.5) {
					faults.push(`contrast ${contrast.toFixed(2)}: ${what(e)}`);
				}
			}
			return faults;
			""";

	private ConsoleAudit() {
	}

}
