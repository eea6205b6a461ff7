// SPDX-License-Identifier: Apache-2.0
import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.io.File;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A client on Netty with its BoringSSL: the library is unpacked into a file that is deleted once
 * it is mapped. It makes the calls of a folder, PATH and body in the lines of each file, three to
 * a connection; connections follow each other and reuse one SSL object's address. With E2E_UNTIL,
 * again and again, until there is a file of that name.
 */
public final class Client {
	private static final LinkedBlockingQueue<String> ANSWERS = new LinkedBlockingQueue<>();

	private static final class Reader extends SimpleChannelInboundHandler<FullHttpResponse> {
		@Override
		protected void channelRead0(ChannelHandlerContext ctx, FullHttpResponse r) {
			ANSWERS.add(r.status().code() + " " + ByteBufUtil.hexDump(r.content()));
		}

		@Override
		public void exceptionCaught(ChannelHandlerContext ctx, Throwable e) {
			e.printStackTrace();
			ctx.close();
			ANSWERS.add("0 ");
		}
	}

	private static final class Setup extends ChannelInitializer<Channel> {
		private final SslContext tls;
		private final URI base;

		Setup(SslContext tls, URI base) {
			this.tls = tls;
			this.base = base;
		}

		@Override
		protected void initChannel(Channel ch) {
			SslHandler h = tls.newHandler(ch.alloc(), base.getHost(), base.getPort());
			ch.pipeline().addLast(h, new HttpClientCodec(),
				new HttpObjectAggregator(1 << 24), new Reader());
		}
	}

	private static Channel dial(NioEventLoopGroup group, SslContext tls, URI base)
		throws Exception {
		return new Bootstrap().group(group).channel(NioSocketChannel.class)
			.handler(new Setup(tls, base)).connect(base.getHost(), base.getPort())
			.sync().channel();
	}

	private static void call(Channel ch, URI base, Path file) throws Exception {
		List<String> lines = Files.readAllLines(file);
		FullHttpRequest req = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1,
			HttpMethod.POST, lines.get(0), Unpooled.copiedBuffer(lines.get(2), UTF_8));
		req.headers().set("host", base.getHost() + ":" + base.getPort());
		req.headers().set("content-type", "application/json");
		req.headers().set("content-length", req.content().readableBytes());
		req.headers().set("x-mock", lines.get(1));
		ch.writeAndFlush(req).sync();
		String[] answer = ANSWERS.take().split(" ", 2);
		System.out.println("{\"case\":\"" + file.getFileName() + "\",\"status\":"
			+ answer[0] + ",\"body_hex\":\"" + answer[1] + "\"}");
	}

	public static void main(String[] args) throws Exception {
		URI base = new URI(System.getenv("E2E_BASE"));
		SslContext tls = SslContextBuilder.forClient()
			.sslProvider(SslProvider.OPENSSL)
			.trustManager(new File(System.getenv("E2E_CA"))).build();
		NioEventLoopGroup group = new NioEventLoopGroup(1);
		Channel ch = null;
		int n = 0;
		List<Path> files;
		String until = System.getenv("E2E_UNTIL");
		OpenSsl.ensureAvailability();
		try (var list = Files.list(Path.of(args[0]))) {
			files = list.sorted().toList();
		}
		do {
			for (Path file : files) {
				if (n++ % 3 == 0) {
					if (ch != null)
						ch.close().sync();
					ch = dial(group, tls, base);
				}
				call(ch, base, file);
			}
		} while (until != null && !Files.exists(Path.of(until)));
		ch.close().sync();
		group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
	}
}
