// SPDX-License-Identifier: Apache-2.0
import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * Java's own client where there is no TLS: it offers HTTP/2 with its first request, and goes on
 * with it when the server does. Upgrade FOLDER makes the calls of a folder: PATH, directives and
 * body in the lines of each file. Prints what it got, and by which version.
 */
public final class Upgrade {
	private Upgrade() {}

	public static void main(String[] args) throws Exception {
		HttpClient client = HttpClient.newHttpClient();
		File[] files = new File(args[0]).listFiles();

		Arrays.sort(files);
		for (File file : files) {
			List<String> lines = Files.readAllLines(file.toPath());
			URI uri = URI.create(System.getenv("E2E_BASE") + lines.get(0));
			HttpRequest request = HttpRequest.newBuilder(uri)
				.header("content-type", "application/json")
				.header("x-mock", lines.get(1))
				.POST(HttpRequest.BodyPublishers.ofString(lines.get(2))).build();
			HttpResponse<byte[]> answer =
				client.send(request, HttpResponse.BodyHandlers.ofByteArray());

			System.out.printf("{\"case\":\"%s\",\"status\":%d,\"version\":\"%s\","
				+ "\"body_hex\":\"%s\"}%n", file.getName(), answer.statusCode(),
				answer.version(), HexFormat.of().formatHex(answer.body()));
		}
	}
}
