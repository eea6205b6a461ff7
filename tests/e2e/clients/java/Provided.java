// SPDX-License-Identifier: Apache-2.0
import java.io.FileInputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Provider;
import java.security.cert.CertificateFactory;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.conscrypt.Conscrypt;

/**
 * The JDK's own HTTP client on Conscrypt: a BoringSSL without symbols, unpacked into a file that
 * is deleted once it is mapped. Calls as Client makes them.
 */
public final class Provided {
	private static final Provider OWN = Conscrypt.newProvider();

	private static SSLContext trusting(String ca) throws Exception {
		KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX", OWN);
		SSLContext tls = SSLContext.getInstance("TLS", OWN);
		store.load(null, null);
		try (var in = new FileInputStream(ca)) {
			var cert = CertificateFactory.getInstance("X.509").generateCertificate(in);
			store.setCertificateEntry("ca", cert);
		}
		trust.init(store);
		tls.init(null, trust.getTrustManagers(), null);
		for (var manager : trust.getTrustManagers())
			Conscrypt.setHostnameVerifier(manager, (certs, host, session) -> true);
		return tls;
	}

	private static void call(SSLContext tls, Path file) throws Exception {
		List<String> lines = Files.readAllLines(file);
		URI uri = new URI(System.getenv("E2E_BASE") + lines.get(0));
		var c = (HttpsURLConnection) uri.toURL().openConnection();
		c.setSSLSocketFactory(tls.getSocketFactory());
		c.setHostnameVerifier((host, session) -> true);
		c.setDoOutput(true);
		c.setRequestProperty("Content-Type", "application/json");
		c.setRequestProperty("X-Mock", lines.get(1));
		c.getOutputStream().write(lines.get(2).getBytes(StandardCharsets.UTF_8));
		byte[] answer = c.getInputStream().readAllBytes();
		System.out.println("{\"case\":\"" + file.getFileName() + "\",\"status\":"
			+ c.getResponseCode() + ",\"body_hex\":\""
			+ HexFormat.of().formatHex(answer) + "\"}");
	}

	public static void main(String[] args) throws Exception {
		SSLContext tls = trusting(System.getenv("E2E_CA"));
		try (var list = Files.list(Path.of(args[0]))) {
			for (Path file : list.sorted().toList())
				call(tls, file);
		}
	}
}
