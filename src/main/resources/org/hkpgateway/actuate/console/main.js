// Wires the page: what comes each second, and what is asked for every few.

import { byId, say, time } from './dom.js';
import * as chain from './chain.js';
import * as explain from './explain.js';
import * as lists from './lists.js';
import * as operator from './operator.js';
import { follow } from './stream.js';

const LOOK_AGAIN = 4000;

let paused = false;

const nothing = () => ({ now: null, decisions: [], lines: [], again: false });

/** What came while paused: the latest look, and all that is new; or all that there is, once more after a break. */
let waiting = nothing();

let plugins = [];

function live(yes, text) {
	byId('live').dataset.live = yes ? 'yes' : 'no';
	say(byId('live-text'), text);
}

function render() {
	const { now, decisions, lines, again } = waiting;
	waiting = nothing();
	if (now) {
		if (again) {
			lists.clear();
		}
		plugins = now.plugins;
		say(byId('version'), now.version);
		lists.plugins(plugins.map((plugin) => plugin.name));
		chain.update(now);
		lists.decisions(decisions);
		lists.lines(lines);
	}
}

function came(update, first) {
	if (first) {
		waiting = { ...nothing(), again: true };
	}
	waiting.now = update.now;
	waiting.decisions = [...waiting.decisions, ...update.decisions].slice(-200);
	waiting.lines = [...waiting.lines, ...update.lines].slice(-500);
	live(!paused, paused ? `Paused at ${byId('live').dataset.at}` : 'Live');
	if (!paused) {
		byId('live').dataset.at = time(update.now.at);
		render();
	}
}

function lost(status) {
	const words = { 401: 'A credential is needed to see anything', 429: 'Too many watch already' };
	const why = words[status] ?? 'No connection';
	live(false, `${why}; shown: ${byId('live').dataset.at ?? 'nothing yet'}`);
	byId('verdict').dataset.stale = 'yes';
	chain.lost(why);
}

async function lookAgain() {
	try {
		if (!paused && document.visibilityState === 'visible') {
			await lists.look(plugins);
			await chain.look();
		}
	}
	catch {
		// The stream tells of a gateway that does not answer.
	}
	setTimeout(lookAgain, LOOK_AGAIN);
}

function theme() {
	const stored = localStorage.getItem('hkp-gateway-theme');
	const dark = matchMedia('(prefers-color-scheme: dark)');
	const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light')) === 'dark';
	const label = () => say(byId('theme'), isDark() ? 'Light' : 'Dark');
	if (stored) {
		document.documentElement.dataset.theme = stored;
	}
	label();
	dark.addEventListener('change', label);
	byId('theme').addEventListener('click', () => {
		document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
		localStorage.setItem('hkp-gateway-theme', document.documentElement.dataset.theme);
		label();
	});
}

theme();
operator.begin();
lists.begin();
explain.begin();
operator.onUnlock(lists.showBans);
operator.onUnlock(chain.unlocked);
byId('pause').addEventListener('click', () => {
	paused = !paused;
	byId('pause').setAttribute('aria-pressed', String(paused));
	say(byId('pause'), paused ? 'Resume' : 'Pause');
	live(!paused, paused ? `Paused at ${byId('live').dataset.at ?? 'the start'}` : 'Live');
	if (!paused) {
		render();
	}
});
follow(operator.actuator('console/stream'), operator.authorization, (update, first) => {
	if (byId('verdict').dataset.stale === 'yes') {
		byId('verdict').dataset.stale = 'no';
		chain.found();
	}
	const empty = plugins.length === 0;
	came(update, first);
	if (empty && plugins.length > 0) {
		lists.look(plugins).catch(() => {});
	}
}, lost);
setTimeout(lookAgain, LOOK_AGAIN);
