// SPDX-License-Identifier: Apache-2.0
import java.io.FileInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** One call by Java's own TLS: Jsse BASE CA. Prints the status. */
public final class Jsse {
	private Jsse() {}

	private static SSLContext trusting(String path) throws Exception {
		KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		SSLContext context = SSLContext.getInstance("TLS");

		store.load(null);
		try (FileInputStream in = new FileInputStream(path)) {
			store.setCertificateEntry("ca",
				CertificateFactory.getInstance("X.509").generateCertificate(in));
		}
		trust.init(store);
		context.init(null, trust.getTrustManagers(), null);
		return context;
	}

	public static void main(String[] args) throws Exception {
		String body = "{\"model\":\"m-jsse\",\"messages\":[{\"role\":\"user\","
			+ "\"content\":\"" + "x".repeat(500) + "\"}]}";
		URI uri = URI.create(args[0] + "/v1/chat/completions");
		HttpRequest request = HttpRequest.newBuilder(uri)
			.header("content-type", "application/json")
			.POST(HttpRequest.BodyPublishers.ofString(body)).build();
		HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
			.sslContext(trusting(args[1])).build();

		var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
		System.out.println(answer.statusCode());
	}
}
