package org.hkpgateway.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

import org.hkpgateway.manifest.PlainText;

/**
 * What {@code plugins new} can write a project in. The commands are those of the
 * template's README; {@code dist} is the plugin directory that they make.
 */
enum ProjectLanguage {

	/** A module with the SDK's sources beside it. */
	GO("go test ./...\n./build.sh", "internal/handler.go",
			// Directories of these names mean something to the go command.
			"vendor internal testdata"),

	/** A Maven project with the SDK in a repository of its own. */
	JAVA("mvn -B package", "src/main/java/com/example/hkp_template/HkpTemplatePlugin.java",
			"abstract assert boolean break byte case catch char class const continue default do double else enum "
					+ "extends false final finally float for goto if implements import instanceof int interface long "
					+ "native new null package private protected public return short static strictfp super switch "
					+ "synchronized this throw throws transient true try void volatile while"),

	/** A package with the SDK's sources beside it. */
	PYTHON("./build.sh test\n./build.sh", "hkp_template/plugin.py",
			"and as assert async await break class continue def del elif else except finally for from global if "
					+ "import in is lambda nonlocal not or pass raise return try while with yield match case "
					// Modules of the standard library: the project's package would hide
					// them.
					+ "abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb "
					+ "binascii bisect builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop "
					+ "collections colorsys compileall concurrent configparser contextlib contextvars copy copyreg "
					+ "crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email "
					+ "encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib "
					+ "functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html "
					+ "http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 "
					+ "linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib "
					+ "msvcrt multiprocessing netrc nis nntplib nt ntpath numbers opcode operator optparse os "
					+ "pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint "
					+ "profile pstats pty pwd py_compile pyclbr pydoc pyexpat queue quopri random re readline reprlib "
					+ "resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site "
					+ "smtpd smtplib sndhdr socket socketserver spwd sqlite3 ssl stat statistics string stringprep "
					+ "struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile "
					+ "termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback "
					+ "tracemalloc tty turtle types typing unicodedata unittest urllib uu uuid venv warnings wave "
					+ "weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib "
					+ "zoneinfo "
					// What the project depends on, and has directories for.
					+ "grpc google hkp_plugin pytest test tests build dist");

	private final String steps;

	private final String rule;

	private final String taken;

	ProjectLanguage(String steps, String rule, String taken) {
		this.steps = steps;
		this.rule = rule;
		this.taken = " " + taken + " ";
	}

	/**
	 * Finds a language by the value of {@code --lang}.
	 * @param label for example {@code go}
	 * @return the language
	 * @throws UsageException if there is none of this name
	 */
	static ProjectLanguage of(String label) throws UsageException {
		return Arrays.stream(values())
			.filter((language) -> language.label().equals(label))
			.findFirst()
			.orElseThrow(() -> new UsageException(
					"--lang: expected: " + choices() + ", got: '" + PlainText.of(label) + "'"));
	}

	/** All of them, for a message. */
	static String choices() {
		return Arrays.stream(values()).map(ProjectLanguage::label).collect(Collectors.joining(", "));
	}

	String label() {
		return name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Commands of a shell in the project's directory that test it and make {@code dist}.
	 */
	List<String> steps() {
		return this.steps.lines().toList();
	}

	/** The file to change first. */
	String rule() {
		return this.rule;
	}

	/** Whether a package of this name would stand for something else. */
	boolean isTaken(String snake) {
		return this.taken.contains(" " + snake + " ");
	}

}
