// Who is at the keyboard, and what he asks the gateway to do.

import { byId, say, show } from './dom.js';

const KEY = 'hkp-gateway-credential';

/** As the header wants it; empty: none. */
let credential = sessionStorage.getItem(KEY) ?? '';

const listeners = [];

export const actuator = (path) => new URL(path, new URL('.', document.location)).href;

export const authorization = () => (credential ? { Authorization: credential } : {});

/** RFC 7617 with the charset that the gateway reads, or RFC 6750. */
const made = (user, secret) => (user
	? `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${user}:${secret}`)))}` : `Bearer ${secret}`);

export const isUnlocked = () => document.body.dataset.unlocked === 'yes';

export const onUnlock = (listener) => listeners.push(listener);

export function tell(text, tone = 'ok') {
	const message = byId('message');
	message.dataset.tone = tone;
	message.textContent = text;
}

function unlocked(yes) {
	document.body.dataset.unlocked = yes ? 'yes' : 'no';
	show(byId('sign-in'), !yes);
	show(byId('signed-in'), yes);
	if (!yes) {
		credential = '';
		sessionStorage.removeItem(KEY);
	}
	listeners.forEach((listener) => listener());
}

/** Sends something; the answer's JSON if it has any, and its status. */
export async function ask(path, options = {}) {
	const { json, ...rest } = options;
	const headers = authorization();
	if (json !== undefined) {
		headers['Content-Type'] = 'application/json';
		rest.body = JSON.stringify(json);
	}
	const answer = await fetch(actuator(path), { ...rest, headers, cache: 'no-store' });
	const text = await answer.text();
	let body = {};
	try {
		body = JSON.parse(text);
	}
	catch {
		// Not every answer has a body.
	}
	return { status: answer.status, ok: answer.ok, body };
}

/** The same for a change: what came of it is said to the operator. */
export async function change(what, path, options) {
	tell(`${what} …`, 'wait');
	try {
		const answer = await ask(path, options);
		if (answer.status === 401) {
			unlocked(false);
			tell(`${what}: refused, the token or password is missing or wrong; the file has another token after each start`, 'bad');
			byId('token').focus();
		}
		else {
			const words = [answer.body.outcome, answer.body.reason ?? answer.body.message].filter(Boolean).join(': ');
			tell(`${what}: ${words || (answer.ok ? 'done' : `status ${answer.status}`)}`, answer.ok ? 'ok' : 'bad');
		}
		return answer;
	}
	catch (problem) {
		tell(`${what}: the gateway did not answer (${problem.message})`, 'bad');
		return { status: 0, ok: false, body: {} };
	}
}

async function unlock() {
	const what = credential.startsWith('Basic ') ? 'Password' : 'Token';
	const answer = await change(what, 'console/token', { method: 'POST' });
	if (answer.ok) {
		sessionStorage.setItem(KEY, credential);
		unlocked(true);
		tell(`${what} accepted`);
	}
	else {
		// Not to be sent again and again: each wrong password counts.
		credential = '';
		if (answer.status === 429) {
			tell(`${what}: too many wrong ones; wait a minute`, 'bad');
		}
	}
	return answer.ok;
}

/** Asks before something that is felt by clients. */
export function confirmed(title, text, yes) {
	const dialog = byId('confirm');
	say(byId('confirm-title'), title);
	say(byId('confirm-text'), text);
	say(byId('confirm-yes'), yes);
	dialog.showModal();
	byId('confirm-no').focus();
	return new Promise((resolve) => {
		const end = (value) => {
			byId('confirm-yes').onclick = null;
			byId('confirm-no').onclick = null;
			dialog.onclose = null;
			dialog.close();
			resolve(value);
		};
		byId('confirm-yes').onclick = () => end(true);
		byId('confirm-no').onclick = () => end(false);
		dialog.onclose = () => end(false);
	});
}

export function begin() {
	byId('sign-in').addEventListener('submit', async (event) => {
		event.preventDefault();
		const user = byId('user').value.trim();
		const secret = user ? byId('token').value : byId('token').value.trim();
		byId('token').value = '';
		if (!secret) {
			tell('Enter the token, or user and password, first', 'bad');
			byId('token').focus();
			return;
		}
		credential = made(user, secret);
		if (await unlock()) {
			byId('chain-title').focus();
		}
	});
	byId('sign-out').addEventListener('click', () => {
		unlocked(false);
		tell('Changes are locked');
		byId('token').focus();
	});
	byId('rescan').addEventListener('click', () => change('Apply changed configuration', 'plugins',
		{ method: 'POST', json: { action: 'rescan' } }).then((answer) => {
		if (answer.ok) {
			const { added, removed, changed, needRestart } = answer.body;
			const words = [...added.map((name) => `${name} added`), ...removed.map((name) => `${name} removed`),
				...Object.entries(changed).map(([name, what]) => `${name}: ${what.join(', ')}`),
				...needRestart.map((key) => `${key} needs a restart of the gateway`)];
			tell(`Configuration applied: ${words.join('; ') || 'nothing has changed'}`);
		}
	}));
	if (credential) {
		unlock();
	}
}
