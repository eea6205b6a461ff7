# SPDX-License-Identifier: Apache-2.0
"""A test CA and one server certificate, made with openssl where the tests put their output."""
import os
import subprocess


def openssl(*args):
    subprocess.run(['openssl', *args], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def make(folder, hosts):
    """Returns {'ca', 'cert', 'key'}: paths in folder. Keeps what is there and still good."""
    os.makedirs(folder, exist_ok=True)
    p = {n: os.path.join(folder, n + '.pem') for n in ('ca', 'ca-key', 'cert', 'key')}
    names = ','.join('DNS:' + n for n in hosts) + ',IP:127.0.0.1'
    csr, ext = os.path.join(folder, 'server.csr'), os.path.join(folder, 'server.ext')
    wanted = 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' % names
    fresh = os.path.exists(p['cert']) and open(ext, encoding='ascii').read() == wanted and \
        subprocess.run(['openssl', 'x509', '-in', p['cert'], '-noout', '-checkend', '86400'],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    if not fresh:
        with open(ext, 'w', encoding='ascii') as f:
            f.write(wanted)
        openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', p['ca-key'], '-out', p['ca'], '-days', '30',
                '-subj', '/CN=earshot test CA', '-addext', 'basicConstraints=critical,CA:TRUE',
                '-addext', 'keyUsage=critical,keyCertSign,cRLSign')
        openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                '-keyout', p['key'], '-out', csr, '-subj', '/CN=localhost')
        openssl('x509', '-req', '-in', csr, '-CA', p['ca'], '-CAkey', p['ca-key'],
                '-CAcreateserial', '-days', '30', '-extfile', ext, '-out', p['cert'])
    return p
