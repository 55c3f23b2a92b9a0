// What has happened: refusals, bans, lines of the log.

import { byId, el, say, show, span, time } from './dom.js';
import { ask, change, isUnlocked } from './operator.js';

const MOST_DECISIONS = 200;

const MOST_LINES = 500;

const MOST_BANS = 100;

let asked = false;

let bans = [];

/** Plugins whose keys are more than can be asked for. */
let cut = [];

/** Of plugins that could not be asked, why. */
let unread = [];

export function clear() {
	byId('decisions').replaceChildren();
	byId('lines').replaceChildren();
}

function cell(name, text, more = {}) {
	return el('td', { data: { name }, attributes: { role: 'cell' }, ...more }, text);
}

export function decisions(fresh) {
	const list = byId('decisions');
	const rows = fresh.map((each) => el('tr', { attributes: { role: 'row' } },
		cell('Time', time(each.at)), cell('Client', each.client || '–', { className: 'code' }),
		cell('Asked', `${each.method} ${each.operation.toLowerCase().replaceAll('_', ' ')}`), cell('Plugin', each.plugin),
		cell('Got', `${each.status || '–'}${each.outcome === 'failed-closed' ? ' ✕ failed' : ''}`),
		cell('Why', each.reason || '–', { className: 'why' }), cell('Request', each.request, { className: 'code id' })));
	list.prepend(...rows.reverse());
	while (list.children.length > MOST_DECISIONS) {
		list.lastChild.remove();
	}
	show(byId('no-decisions'), list.children.length === 0);
}

function filterLine(item) {
	const wanted = byId('line-filter').value;
	item.hidden = wanted !== '' && item.dataset.plugin !== wanted;
}

export function lines(fresh) {
	const list = byId('lines');
	const box = byId('lines-box');
	const follows = box.scrollHeight - box.scrollTop - box.clientHeight < 20;
	for (const each of fresh) {
		const item = el('li', { data: { plugin: each.plugin, kind: each.kind } }, el('span', { className: 'muted' }, time(each.at)), ' ',
			el('span', { className: 'kind' }, each.kind.toUpperCase()), ' ', el('b', {}, each.plugin), ' ', each.text);
		filterLine(item);
		list.append(item);
	}
	while (list.children.length > MOST_LINES) {
		list.firstChild.remove();
	}
	show(byId('no-lines'), list.children.length === 0);
	if (follows && fresh.length > 0) {
		box.scrollTop = box.scrollHeight;
	}
}

export function plugins(names) {
	const select = byId('line-filter');
	const known = [...select.options].slice(1).map((option) => option.value);
	if (known.join() !== names.join()) {
		const chosen = select.value;
		select.replaceChildren(el('option', { value: '' }, 'all'), ...names.map((name) => el('option', { value: name }, name)));
		select.value = names.includes(chosen) ? chosen : '';
	}
}

/** Values whose key is an address, after a word that says what they ban from: no counts, no buckets, no notes. */
const isBan = (entry) => entry.kind === 'value' && /^(?:(?:ban|block|hashquery):)?[0-9a-f]*[.:][0-9a-f.:/]*$/i.test(entry.key);

/** Asks each plugin that may keep something with the gateway. Of who does not answer stays what was known. */
export async function look(all) {
	const words = { 401: 'a credential is needed', 429: 'asked too often' };
	const found = { bans: [], cut: [], unread: [] };
	for (const { name } of all.filter((each) => each.granted.includes('state'))) {
		const { ok, status, body } = await ask(`plugins/${encodeURIComponent(name)}/state`);
		if (ok) {
			found.bans.push(...body.entries.filter(isBan).map((entry) => ({ plugin: name, ...entry })));
			found.cut.push(...(body.keys > body.entries.length ? [name] : []));
		}
		else {
			found.bans.push(...bans.filter((ban) => ban.plugin === name));
			found.cut.push(...cut.filter((each) => each === name));
			found.unread.push(`${name}: ${words[status] ?? body.message ?? `status ${status}`}`);
		}
	}
	({ bans, cut, unread } = found);
	asked = true;
	showBans();
}

export function showBans() {
	const wanted = byId('ban-filter').value.trim().toLowerCase();
	const all = bans.filter((ban) => ban.key.toLowerCase().includes(wanted));
	const list = byId('bans');
	const before = new Map([...list.children].map((item) => [item.dataset.id, item]));
	const items = all.slice(0, MOST_BANS).map((ban) => {
		const id = `${ban.plugin} ${ban.key}`;
		const item = before.get(id) ?? made(ban, id);
		say(item.querySelector('.what'), ban.content);
		say(item.querySelector('.left'),
			`${ban.plugin} · ${ban.remainingSeconds === null ? 'has no end' : `ends in ${span(ban.remainingSeconds)}`}`);
		show(item.querySelector('button'), isUnlocked());
		return item;
	});
	// Who has the focus on a button keeps it.
	items.forEach((item, at) => {
		if (list.children[at] !== item) {
			list.insertBefore(item, list.children[at] ?? null);
		}
	});
	while (list.children.length > items.length) {
		list.lastChild.remove();
	}
	const counted = all.length === 0 ? '' : `${all.length} ${all.length === 1 ? 'ban' : 'bans'}`
		+ (all.length > MOST_BANS ? `, the first ${MOST_BANS} shown` : '');
	const part = cut.length === 0 ? '' : `of ${cut.join(', ')} only the first 1000 keys are seen`;
	say(byId('ban-count'), [counted, part].filter(Boolean).join('; '));
	say(byId('bans-unread'), `Bans cannot be read: ${unread.join('; ')}`);
	show(byId('bans-unread'), unread.length > 0);
	say(byId('no-bans'), !asked ? 'Not asked yet.' : wanted ? 'No ban of such a client.'
		: part ? 'No ban among these keys.' : 'Nobody is banned.');
	show(byId('no-bans'), all.length === 0 && unread.length === 0);
}

function made(ban, id) {
	const lift = el('button', { type: 'button', attributes: { 'aria-label': `Lift the ban of ${ban.key}` } }, 'Lift');
	lift.addEventListener('click', async () => {
		const answer = await change(`Lift the ban of ${ban.key}`,
			`plugins/${encodeURIComponent(ban.plugin)}/state?key=${encodeURIComponent(ban.key)}`, { method: 'DELETE' });
		if (answer.ok) {
			bans = bans.filter((each) => each.plugin !== ban.plugin || each.key !== ban.key);
			showBans();
			(byId('bans').querySelector('button') ?? byId('ban-filter')).focus();
		}
	});
	return el('li', { data: { id } }, el('span', { className: 'code' }, ban.key), lift, el('span', { className: 'what' }),
		el('span', { className: 'left muted' }));
}

export function begin() {
	byId('line-filter').addEventListener('change', () => {
		[...byId('lines').children].forEach(filterLine);
		byId('lines-box').scrollTop = byId('lines-box').scrollHeight;
	});
	byId('ban-filter').addEventListener('input', showBans);
}
