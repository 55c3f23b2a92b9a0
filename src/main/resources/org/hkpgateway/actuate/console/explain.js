// What the gateway would do with a request, and why.

import { byId, el, millis } from './dom.js';
import { change } from './operator.js';

function headline(result) {
	if (result.kind === 'forward') {
		return 'It would be forwarded to the keyserver';
	}
	return result.kind === 'answer' ? `It would be answered with ${result.status}` : `The gateway would refuse it with ${result.status}`;
}

function show(explanation) {
	const { result, plugins = [], notes = [] } = explanation;
	const understood = explanation.understood ?? {};
	const asked = plugins.map((plugin) => el('li', { data: { outcome: plugin.outcome } }, el('b', {}, plugin.name ?? ''), ' ',
		el('span', { className: 'tag' }, plugin.outcome), ' ',
		plugin.millis ? `${millis(plugin.millis)} ` : '', plugin.why ?? '',
		...(plugin.changes ?? []).map((each) => el('div', { className: 'code' }, each))));
	byId('explanation').replaceChildren(
		el('h3', {}, headline(result)),
		el('p', { className: 'muted' }, ['operation', 'search', 'client'].filter((key) => understood[key])
			.map((key) => `${key} ${understood[key]}`).join(' · ')),
		...(result.body ? [el('p', { className: 'code' }, result.body)] : []),
		el('ol', { className: 'asked' }, ...asked),
		...notes.map((note) => el('p', { className: 'note' }, note)),
		el('details', {}, el('summary', {}, 'Everything, as JSON'),
			el('pre', { tabIndex: 0, attributes: { role: 'region', 'aria-label': 'The explanation as JSON' } },
				JSON.stringify(explanation, null, 2))));
}

export function begin() {
	byId('explain').addEventListener('submit', async (event) => {
		event.preventDefault();
		const headers = byId('explain-headers').value.split('\n').map((line) => line.trim()).filter(Boolean);
		const answer = await change('Explain', 'explain', { method: 'POST', json: {
			method: byId('explain-method').value, target: byId('explain-target').value.trim(),
			client: byId('explain-client').value.trim(), headers } });
		if (answer.ok) {
			show(answer.body);
		}
		else {
			byId('explanation').replaceChildren(el('p', { className: 'note' },
				answer.body.message ?? (answer.status === 401 ? 'It needs a credential: unlock changes at the top of the page.' : `Status ${answer.status}`)));
		}
	});
}
