// The chain, and the verdict on it.

import { byId, el, millis, number, say, show, span, Sparkline } from './dom.js';
import { ask, change, confirmed, isUnlocked } from './operator.js';

const MARKS = { ok: '✓', warn: '▲', bad: '✕', off: '–', wait: '…' };

const cards = new Map();

let health = [];

/** The latest verdict, to come back to after a break of the connection. */
let latest = null;

/**
 * How a plugin is, in a word, and why. What has numbers that change all the time has a sentence without them for the
 * verdict, which is read out whenever it is another one.
 */
function judge(plugin, calls) {
	if (!plugin.enabled) {
		return { tone: 'off', word: 'DISABLED', why: 'Out of the chain: requests pass without it' };
	}
	const without = plugin.mode === 'shadow' ? 'It is in shadow mode, so nothing changes for clients'
		: plugin.fail === 'open' ? 'Requests pass without it (fail: open)'
			: 'Requests that it should see get 500 (fail: closed)';
	const breaker = plugin.breaker?.state;
	if (plugin.notCalled && plugin.state !== 'FAILED' && breaker !== 'OPEN') {
		return { tone: 'bad', word: 'NOT CALLED', why: plugin.notCalled, told: 'Requests came, and no call got to it' };
	}
	switch (plugin.state) {
		case 'FAILED':
			return { tone: 'bad', word: 'FAILED', why: without };
		case 'READY':
			break;
		case 'STARTING':
			return { tone: 'warn', word: 'STARTING', why: without };
		case 'BACKOFF':
			return { tone: 'warn', word: 'RESTARTING', why: `It died and is started again (BACKOFF). ${without}` };
		default:
			return { tone: 'warn', word: plugin.state, why: without };
	}
	if (breaker === 'OPEN') {
		return { tone: 'bad', word: 'BREAKER OPEN', why: `It fails or is slow, so it is not asked. ${without}` };
	}
	if (breaker === 'HALF_OPEN') {
		return { tone: 'warn', word: 'ON PROBATION', why: 'Its breaker lets a few calls through to try it' };
	}
	if (plugin.health === 'UNHEALTHY' || plugin.health === 'DEGRADED') {
		return { tone: 'warn', word: plugin.health, why: plugin.healthMessage || 'It says so itself' };
	}
	if (calls && calls.failed > 0) {
		return { tone: 'warn', word: 'FAILING', why: `It fails ${number(calls.failed)} times a second. ${without}`,
			told: `It fails now and then. ${without}` };
	}
	return { tone: 'ok', word: 'READY', why: plugin.remark ?? '' };
}

function figure(name, key, spark) {
	const value = el('dd', { className: `v-${key}` }, '–');
	return { box: el('div', { className: `figure f-${key}` }, el('dt', {}, name), value, spark ? spark.svg : null), value };
}

function button(text, label, action) {
	const made = el('button', { type: 'button', attributes: { 'aria-label': label } }, text);
	made.addEventListener('click', action);
	return made;
}

class Card {

	constructor(name) {
		this.name = name;
		this.rates = new Sparkline();
		this.times = new Sparkline();
		this.mark = el('span', { className: 'mark', attributes: { 'aria-hidden': 'true' } });
		this.word = el('span', { className: 'word' });
		this.meta = el('p', { className: 'meta muted' });
		this.shadow = el('span', { className: 'tag', hidden: true }, 'shadow');
		this.why = el('p', { className: 'why' });
		this.reason = el('p', { className: 'reason' });
		this.rate = figure('Calls', 'rate', this.rates);
		this.p50 = figure('p50', 'p50');
		this.p99 = figure('p99', 'p99', this.times);
		this.breaker = figure('Breaker', 'breaker');
		this.restarts = figure('Restarts', 'restarts');
		this.toggle = button('', '', () => this.switch());
		this.other = button('', '', () => this.changeMode());
		this.actions = el('p', { className: 'actions', hidden: true },
			button('Reload', `Reload ${name}`, () => this.act('reload')),
			button('Restart', `Restart ${name}`, () => this.restart()), this.other, this.toggle);
		this.element = el('li', { className: 'plugin', data: { plugin: name } },
			el('div', { className: 'who' }, el('h3', {}, name), this.shadow, this.meta),
			el('p', { className: 'state' }, this.mark, this.word),
			el('dl', { className: 'figures' }, this.rate.box, this.p50.box, this.p99.box, this.breaker.box, this.restarts.box),
			el('div', { className: 'trouble' }, this.why, this.reason), this.actions);
	}

	act(action) {
		return change(`${action[0].toUpperCase()}${action.slice(1)} ${this.name}`, `plugins/${encodeURIComponent(this.name)}`,
			{ method: 'POST', json: { action } });
	}

	async restart() {
		if (await confirmed(`Restart ${this.name}?`, 'Until it is READY again, its fail policy answers. Reload loses no request.', 'Restart')) {
			this.act('restart');
		}
	}

	async switch() {
		if (!this.enabled) {
			this.act('enable');
		}
		else if (await confirmed(`Disable ${this.name}?`, 'It is stopped, and requests pass without it until it is enabled again.', 'Disable')) {
			this.act('disable');
		}
	}

	async changeMode() {
		const mode = this.mode === 'shadow' ? 'enforce' : 'shadow';
		const text = mode === 'shadow' ? 'It is asked, and what it decides is not done. ' : 'What it decides is done. ';
		const yes = mode === 'shadow' ? 'To shadow mode' : 'Enforce';
		if (await confirmed(`${yes}: ${this.name}?`, `${text}Holds until the configuration is applied again, or the gateway restarts.`, yes)) {
			this.act(mode);
		}
	}

	update(plugin, calls) {
		const verdict = judge(plugin, calls);
		this.enabled = plugin.enabled;
		this.element.dataset.tone = verdict.tone;
		say(this.mark, MARKS[verdict.tone]);
		say(this.word, verdict.word);
		show(this.shadow, plugin.mode === 'shadow');
		say(this.meta, [plugin.version, `fail ${plugin.fail}`, plugin.required ? 'required' : '',
			plugin.other ? (plugin.other.state === 'STANDBY' ? 'new process on trial' : 'new process starting') : '',
			plugin.reduced ? 'fewer grants than asked' : ''].filter(Boolean).join(' · '));
		say(this.why, verdict.why);
		const troubled = verdict.tone !== 'ok' && verdict.tone !== 'off' && plugin.state !== 'READY';
		const since = `for ${span((Date.now() - Date.parse(plugin.since)) / 1000)}`;
		say(this.reason, troubled && plugin.reason ? `${plugin.reason} (${since})` : '');
		const runs = plugin.enabled && plugin.breaker;
		say(this.rate.value, calls ? `${number(calls.rate)}/s` : runs ? '0/s' : '–');
		say(this.p50.value, millis(calls?.p50));
		say(this.p99.value, millis(calls?.p99));
		this.rates.add(calls?.latest);
		this.times.add(calls?.p99);
		say(this.breaker.value, runs ? plugin.breaker.state.toLowerCase().replace('_', ' ') : '–');
		say(this.restarts.value, String(plugin.restarts));
		this.mode = plugin.mode;
		label(this.toggle, plugin.enabled ? 'Disable' : 'Enable', this.name);
		label(this.other, plugin.mode === 'shadow' ? 'Enforce' : 'Shadow', this.name);
		show(this.actions, isUnlocked());
		return verdict;
	}

}

/** Buttons come and go with the token. */
export function unlocked() {
	cards.forEach((card) => show(card.actions, isUnlocked()));
}

function label(made, text, name) {
	if (made.textContent !== text) {
		made.textContent = text;
		made.setAttribute('aria-label', `${text} ${name}`);
	}
}

function total(name, value) {
	return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

const sum = (calls, key) => Object.values(calls).reduce((all, each) => all + each[key], 0);

export function update(now) {
	const list = byId('chain');
	const problems = [];
	const names = now.plugins.map((plugin) => plugin.name);
	for (const [name, card] of cards) {
		if (!names.includes(name)) {
			card.element.remove();
			cards.delete(name);
		}
	}
	let worst = 'ok';
	const worse = (tone) => {
		worst = tone === 'bad' || worst === 'bad' ? 'bad' : 'warn';
	};
	now.plugins.forEach((plugin, at) => {
		if (!cards.has(plugin.name)) {
			cards.set(plugin.name, new Card(plugin.name));
		}
		const card = cards.get(plugin.name);
		if (list.children[at] !== card.element) {
			list.insertBefore(card.element, list.children[at] ?? null);
		}
		const verdict = card.update(plugin, now.calls[plugin.name]);
		if (verdict.tone === 'bad' || verdict.tone === 'warn') {
			worse(plugin.mode === 'shadow' ? 'warn' : verdict.tone);
			problems.push(`${plugin.name}: ${verdict.word}. ${verdict.told ?? verdict.why}`);
		}
	});
	const down = now.keyservers.filter((server) => !server.up);
	for (const server of down) {
		worse(down.length === now.keyservers.length ? 'bad' : 'warn');
		problems.push(`The keyserver ${server.url} does not answer${server.error ? `: ${server.error}` : ''}`);
	}
	for (const finding of now.findings.filter((each) => each.severity === 'error')) {
		worse('warn');
		problems.push(`${finding.plugin ?? finding.file}: ${finding.message}`);
	}
	const enabled = now.plugins.filter((plugin) => plugin.enabled);
	if (enabled.length === 0) {
		worse('warn');
		problems.push('No plugin is in the chain: requests pass unexamined');
	}
	for (const component of health) {
		worse(component.status === 'DOWN' || component.status === 'OUT_OF_SERVICE' ? 'bad' : 'warn');
		problems.push(`Health of ${component.name}: ${component.status}${component.why}`);
	}
	const working = enabled.length === 1 ? 'The plugin works' : `All ${enabled.length} plugins work`;
	latest = { tone: worst, headline: { ok: working, warn: 'Degraded', bad: 'Failed' }[worst], problems };
	judged(latest);
	byId('totals').replaceChildren(total('Calls (busiest plugin)', `${number(Math.max(0, ...Object.values(now.calls).map((each) => each.rate)))}/s`),
		total('Refused by plugins', `${number(sum(now.calls, 'answered'))}/s`), total('Plugin failures', `${number(sum(now.calls, 'failed'))}/s`),
		total('Keyservers', `${now.keyservers.length - down.length} of ${now.keyservers.length} up`),
		total('Runs for', span((Date.parse(now.at) - Date.parse(now.started)) / 1000)));
	say(byId('chain-out'), `Then the request goes to ${now.keyservers.map((server) => server.url).join(', ')}`);
}

/** Nothing is known of now, whatever was known before. */
export function lost(why) {
	judged({ tone: 'wait', headline: `${why}: the state is not known`, problems: [] });
}

/** There is a connection again, but what comes is not shown. */
export function found() {
	if (latest) {
		judged(latest);
	}
}

function judged({ tone, headline, problems }) {
	byId('verdict').dataset.tone = tone;
	say(byId('verdict-mark'), MARKS[tone]);
	say(byId('verdict-headline'), headline);
	const list = byId('verdict-problems');
	if ([...list.children].map((item) => item.textContent).join('\n') !== problems.join('\n')) {
		list.replaceChildren(...problems.map((problem) => el('li', {}, problem)));
	}
	document.title = `${tone === 'ok' ? '' : `${headline}: `}hkp-gateway console`;
}

/** What the gateway's health says that is not shown already. */
export async function look() {
	const { body } = await ask('health');
	health = Object.entries(body.components ?? {})
		.filter(([name, each]) => each.status !== 'UP' && each.status !== 'UNKNOWN' && name !== 'plugins' && name !== 'upstream')
		.map(([name, each]) => ({ name, status: each.status, why: each.details?.reason ? `: ${each.details.reason}` : '' }));
}
