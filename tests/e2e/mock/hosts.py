# SPDX-License-Identifier: Apache-2.0
"""Providers told by their hosts: all of them on one port 443, by the names that lead here. Each
speaks its own kind of OpenAI's chat completions (tests/wire/compatible.py)."""
import urllib.parse

from wire import anthropic, compatible, gemini, openai

from . import vendors


class AzureV1(openai.Azure):
    """The newer paths: the model stands in the body."""
    error = compatible.AzureGateway.error


# Name, how it is spoken to, base address as its users write it, who speaks there.
HOSTS = (
    ('openai', 'openai', 'https://api.openai.com/v1', openai.Chat),
    ('azure', 'azure', 'https://res.openai.azure.com', openai.Azure),
    ('azure v1', 'openai', 'https://res.openai.azure.com/openai/v1', AzureV1),
    ('azure inference', 'inference', 'https://res.services.ai.azure.com/models',
     openai.AzureInference),
    ('groq', 'openai', 'https://api.groq.com/openai/v1', compatible.Groq),
    ('deepseek', 'openai', 'https://api.deepseek.com', compatible.DeepSeek),
    ('deepseek as anthropic', 'anthropic', 'https://api.deepseek.com/anthropic',
     compatible.DeepSeekAnthropic),
    ('together', 'openai', 'https://api.together.xyz/v1', compatible.Together),
    ('perplexity', 'openai', 'https://api.perplexity.ai', compatible.Perplexity),
    ('xai', 'openai', 'https://api.x.ai/v1', compatible.XAI),
    ('moonshot', 'openai', 'https://api.moonshot.ai/v1', compatible.Moonshot),
    ('openrouter', 'openai', 'https://openrouter.ai/api/v1', compatible.OpenRouter),
    ('mistral', 'openai', 'https://api.mistral.ai/v1', compatible.Mistral),
    ('gemini as openai', 'openai',
     'https://generativelanguage.googleapis.com/v1beta/openai', gemini.OpenAICompatible),
    ('anthropic', 'anthropic', 'https://api.anthropic.com', anthropic.Messages),
)
TAIL = {'openai': '/chat/completions', 'inference': '/chat/completions',
        'anthropic': '/v1/messages'}


class Hosts(vendors.Vendors):
    def speaker_of(self, req, body):
        for _, how, base, make in HOSTS:
            at = urllib.parse.urlsplit(base)
            model = body.get('model')
            path = '/openai/deployments/%s/chat/completions' % model if how == 'azure' else \
                at.path + TAIL[how]
            if req.headers['host'].split(':')[0] == at.hostname and req.path == path:
                return make(), model, bool(body.get('stream'))
        return None, None, None
