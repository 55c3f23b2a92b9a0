package org.hkpgateway.cli;

import java.util.Set;

/**
 * Names that no plugin can have in a language, because they mean something else in its
 * project.
 *
 * @param meaning what they are, for a message
 * @param names as the name of a package is spelt
 */
record TakenNames(String meaning, Set<String> names) {

	static final TakenNames OF_THE_GO_COMMAND = of("a directory that means something to the go command",
			"vendor internal testdata");

	/** The type of a plugin of this name would be Config, and so on. */
	static final TakenNames IN_THE_GO_PROJECT = of("a name that the project's own code has", "config new serve");

	static final TakenNames JAVA_KEYWORDS = of("a keyword",
			"abstract assert boolean break byte case catch char class const continue default "
					+ "do double else enum extends false final finally float for goto if implements "
					+ "import instanceof int interface long native new null package private protected "
					+ "public return short static strictfp super switch synchronized this throw throws "
					+ "transient true try void volatile while");

	/** The class of a plugin of this name would be {@code HkpPlugin}. */
	static final TakenNames IN_THE_JAVA_SDK = of("the beginning of a class of the SDK", "hkp");

	static final TakenNames PYTHON_KEYWORDS = of("a keyword",
			"and as assert async await break case class continue def del elif else except finally "
					+ "for from global if import in is lambda match nonlocal not or pass raise return "
					+ "try while with yield");

	static final TakenNames PYTHON_MODULES = of("a module of Python's own, which it would hide",
			"abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop "
					+ "base64 bdb binascii bisect builtins bz2 calendar cgi cgitb chunk cmath cmd code "
					+ "codecs codeop collections colorsys compileall concurrent configparser contextlib "
					+ "contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm "
					+ "decimal difflib dis distutils doctest email encodings ensurepip enum errno "
					+ "faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc "
					+ "genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac "
					+ "html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools "
					+ "json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math "
					+ "mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt "
					+ "ntpath numbers opcode operator optparse os pathlib pdb pickle pickletools pipes "
					+ "pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd "
					+ "py_compile pyclbr pydoc pyexpat queue quopri random re readline reprlib resource "
					+ "rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site "
					+ "smtpd smtplib sndhdr socket socketserver spwd sqlite3 ssl stat statistics string "
					+ "stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny "
					+ "tarfile telnetlib tempfile termios textwrap this threading time timeit tkinter "
					+ "token tokenize tomllib trace traceback tracemalloc tty turtle types typing "
					+ "unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg "
					+ "winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo "
					+ "nturl2path ossaudiodev pydoc_data sre_compile sre_constants sre_parse turtledemo");

	/**
	 * Modules, and packages as pip calls them: with the SDK, pytest, and what builds the
	 * project.
	 */
	static final TakenNames PYTHON_PACKAGES = of("a package that the project needs, which it would hide",
			"hkp_plugin hkp_plugin_sdk grpc grpcio google protobuf cryptography cffi pycparser typing_extensions "
					+ "pytest py pluggy iniconfig packaging pygments conftest colorama exceptiongroup tomli "
					+ "pip setuptools pkg_resources wheel");

	static final TakenNames IN_THE_PYTHON_PROJECT = of("a directory of the project",
			"test tests build dist third_party");

	private static TakenNames of(String meaning, String names) {
		return new TakenNames(meaning, Set.of(names.split(" ")));
	}

}
