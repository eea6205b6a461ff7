# SPDX-License-Identifier: Apache-2.0
"""Searches in OpenAI's vector stores by the openai package (PyPI).

usage: py_stores.py SOURCE:LIMIT..."""
import json
import os
import sys

from openai import APIStatusError, OpenAI


def main():
    with OpenAI(base_url='https://%s/v1' % os.environ['STORE_HOST'], max_retries=0,
                api_key='sk-mock-0123456789abcdef') as client:
        for source, limit in (x.split(':') for x in sys.argv[1:]):
            row = {'search': 'search', 'source': source, 'limit': int(limit), 'ids': None,
                   'error': None}
            try:
                page = client.vector_stores.search(source, query='how?',
                                                   max_num_results=int(limit))
                row['ids'] = [h.file_id for h in page.data]
            except APIStatusError as e:
                row['error'] = type(e).__name__
            print(json.dumps(row), flush=True)


main()
